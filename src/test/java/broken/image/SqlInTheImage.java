package broken.image;

import javax.sql.DataSource;

class SqlInTheImage {
  DataSource source;
}
