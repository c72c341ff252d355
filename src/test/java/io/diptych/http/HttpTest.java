package io.diptych.http;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.test.context.SpringBootTest;

/** The sample routes behind a real container on loopback, without credentials. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(
    classes = HttpTestApplication.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "diptych.http.max-upload-size=200KB",
      "diptych.http.max-json-size=4KB",
      "diptych.http.events.heartbeat=300ms",
      "diptych.http.events.poll=100ms",
      "diptych.http.events.interval=50ms",
      "diptych.http.events.max-streams-per-tenant=3"
    })
public @interface HttpTest {}
