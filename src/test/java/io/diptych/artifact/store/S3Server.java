package io.diptych.artifact.store;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * An S3 server in this process, S3Proxy over a directory. It checks signatures as Amazon does.
 *
 * <p>It lives in a class loader of its own where the build names its jars (see the Surefire
 * configuration for why), and is found on the class path elsewhere, such as in an IDE.
 */
final class S3Server implements AutoCloseable {

  static final String ACCESS_KEY = "test-access-key";
  static final String SECRET_KEY = "test-secret-key";

  private final URLClassLoader loader;
  private final Object server;

  S3Server(Path directory) throws IOException, ReflectiveOperationException {
    List<URL> jars = new ArrayList<>();
    for (String jar : System.getProperty("s3proxy.jars", "").split(File.pathSeparator)) {
      if (!jar.isEmpty()) {
        jars.add(Path.of(jar).toUri().toURL());
      }
    }
    loader = new URLClassLoader(jars.toArray(URL[]::new), S3Server.class.getClassLoader());
    Properties properties = new Properties();
    properties.setProperty("s3proxy.endpoint", "http://127.0.0.1:0");
    properties.setProperty("s3proxy.authorization", "aws-v4");
    properties.setProperty("s3proxy.identity", ACCESS_KEY);
    properties.setProperty("s3proxy.credential", SECRET_KEY);
    Class<?> stores = loader.loadClass("org.gaul.s3proxy.blobstore.BlobStore");
    Object files =
        loader
            .loadClass("org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore")
            .getConstructor(String.class)
            .newInstance(directory.toString());
    Class<?> builders = loader.loadClass("org.gaul.s3proxy.S3Proxy$Builder");
    Object builder =
        builders.getMethod("fromProperties", Properties.class).invoke(null, properties);
    builders.getMethod("blobStore", stores).invoke(builder, files);
    server = builders.getMethod("build").invoke(builder);
    call("start");
  }

  URI endpoint() throws ReflectiveOperationException {
    return URI.create("http://127.0.0.1:" + call("getPort"));
  }

  private Object call(String method) throws ReflectiveOperationException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return server.getClass().getMethod(method).invoke(server);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Override
  public void close() throws IOException, ReflectiveOperationException {
    call("stop");
    loader.close();
  }
}
