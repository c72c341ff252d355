package io.diptych.http;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.core.ResolvableType;
import org.springframework.http.MediaType;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads JSON parts of multipart bodies that carry no Content-Type, as {@code curl -F request='{}'}
 * and browsers send them. Spring takes those for octet streams.
 */
class UntypedJsonPartConverter extends JacksonJsonHttpMessageConverter {

  UntypedJsonPartConverter(JsonMapper mapper) {
    super(mapper);
    setSupportedMediaTypes(List.of(MediaType.APPLICATION_OCTET_STREAM, MediaType.TEXT_PLAIN));
  }

  @Override
  public boolean canRead(ResolvableType type, @Nullable MediaType mediaType) {
    Class<?> raw = type.resolve();
    return raw != null && raw.isRecord() && super.canRead(type, mediaType);
  }

  @Override
  public boolean canWrite(ResolvableType type, Class<?> valueClass, @Nullable MediaType mediaType) {
    return false;
  }
}
