package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.Client.Reply;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.web.server.LocalServerPort;

@HttpTest
class LocalAccessTest {

  @LocalServerPort private int port;
  private Client client;

  @BeforeEach
  void connect() {
    client = new Client(port);
  }

  @Test
  void whoeverIsOnThisMachineNeedsNoCredential() {
    assertThat(client.get("/things").status()).isEqualTo(200);
    assertThat(client.get("/admin/keys?tenant=local").status()).isEqualTo(200);
  }

  @Test
  void oneLocalUserIsNotCounted() {
    assertThat(client.get("/things").header("RateLimit")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:1", "127.0.0.1", "[::1]"})
  void namesOfThisMachineAreAnswered(String host) {
    assertThat(raw(host, "")).startsWith("HTTP/1.1 200");
  }

  @ParameterizedTest
  @ValueSource(strings = {"evil.example", "localhost.evil.example", "10.0.0.1"})
  void aNameReboundToThisMachineIsRefused(String host) {
    assertThat(raw(host, "")).startsWith("HTTP/1.1 403").contains("/problems/forbidden");
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://evil.example", "http://localhost:1", "null", "http://a b"})
  void anotherWebSiteIsRefused(String origin) {
    Reply reply = client.post("/things", "{\"name\":\"a\"}", "Origin", origin);

    assertThat(reply.status()).isEqualTo(403);
  }

  @Test
  void theServicesOwnPagesAreNotAnotherWebSite() {
    Reply reply = client.post("/things", "{\"name\":\"a\"}", "Origin", "http://127.0.0.1:" + port);

    assertThat(reply.status()).isEqualTo(202);
  }

  @Test
  void aLinkFromAnotherWebSiteMayBeFollowed() {
    Reply reply =
        client.get("/things", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate");

    assertThat(reply.status()).isEqualTo(200);
  }

  @Test
  void aPictureFromAnotherWebSiteMayNot() {
    Reply reply =
        client.get("/things", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors");

    assertThat(reply.status()).isEqualTo(403);
  }

  private String raw(String host, String headers) {
    return client.raw(
        "GET /things HTTP/1.1\r\nHost: " + host + "\r\n" + headers + "Connection: close\r\n\r\n");
  }
}
