package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.http.Client.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;
import samples.SampleRoutes.Thing;
import samples.SampleRoutes.Things;
import tools.jackson.databind.JsonNode;

@HttpTest
class ConditionalAndPagedReadsTest {

  @LocalServerPort private int port;
  private Client client;

  @BeforeEach
  void connect() {
    client = new Client(port);
    Things.STORE.clear();
  }

  @Test
  void whoHasTheVersionGets304WithoutABody() {
    UUID id = store("a", 1);
    Reply first = client.get("/things/" + id);

    Reply second = client.get("/things/" + id, "If-None-Match", first.header("ETag"));

    assertThat(first.status()).isEqualTo(200);
    assertThat(first.header("ETag")).matches("\"[\\w-]{22}\"");
    assertThat(first.header("Cache-Control")).isEqualTo("no-cache, private");
    assertThat(second.status()).isEqualTo(304);
    assertThat(second.body()).isEmpty();
    assertThat(second.header("ETag")).isEqualTo(first.header("ETag"));
  }

  @Test
  void whoHasAnotherVersionGetsTheNewOne() {
    UUID id = store("a", 1);
    String old = client.get("/things/" + id).header("ETag");
    Things.STORE.put(id, new Thing(id, "local", "a", 2));

    Reply reply = client.get("/things/" + id, "If-None-Match", old);

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.json().get("version").asInt()).isEqualTo(2);
  }

  @Test
  void oneOfSeveralTagsIsEnough() {
    UUID id = store("a", 1);
    String tag = client.get("/things/" + id).header("ETag");

    assertThat(client.get("/things/" + id, "If-None-Match", "\"x\", " + tag).status())
        .isEqualTo(304);
    assertThat(client.get("/things/" + id, "If-None-Match", "*").status()).isEqualTo(304);
  }

  @Test
  void partsOfATagDoNotRunIntoOneAnother() {
    assertThat(ETag.of("a", "bc")).isNotEqualTo(ETag.of("ab", "c"));
    assertThat(ETag.of("a", 1)).isEqualTo(ETag.of("a", 1));
  }

  @Test
  void followingLinksVisitsEveryItemOnceInOrder() {
    IntStream.range(0, 25).forEach(i -> store("a", i));
    IntStream.range(0, 5).forEach(i -> store("b", i));
    List<String> seen = new ArrayList<>();
    int pages = 0;

    for (String next = "/things?limit=10&name=a"; next != null; pages++) {
      Reply page = client.get(next);
      assertThat(page.status()).as(page.body()).isEqualTo(200);
      page.json().get("items").forEach(item -> seen.add(item.get("id").asString()));
      next = nextLink(page);
    }

    assertThat(pages).isEqualTo(3);
    assertThat(seen).hasSize(25).doesNotHaveDuplicates();
    assertThat(seen.stream().map(UUID::fromString)).isSorted();
  }

  @Test
  void theCursorInTheBodyIsTheOneInTheLink() {
    IntStream.range(0, 3).forEach(i -> store("a", i));

    Reply page = client.get("/things?limit=2");

    assertThat(nextLink(page)).endsWith("&cursor=" + page.json().get("nextCursor").asString());
  }

  @Test
  void theLastPageHasNoLink() {
    IntStream.range(0, 2).forEach(i -> store("a", i));

    Reply page = client.get("/things?limit=2");

    assertThat(page.header("Link")).isNull();
    assertThat(page.json().has("nextCursor")).isFalse();
  }

  @Test
  void filtersWithSpecialCharactersSurviveInTheLink() {
    IntStream.range(0, 3).forEach(i -> store("a&b=c d+é%", i));

    Reply page = client.get("/things?limit=2&name=a%26b%3Dc%20d%2B%C3%A9%25");
    Reply next = client.get(nextLink(page));

    assertThat(page.json().get("items")).hasSize(2);
    assertThat(next.json().get("items")).hasSize(1);
  }

  @Test
  void aCursorIsOnlyGoodForItsOwnListAndFilters() {
    IntStream.range(0, 3).forEach(i -> store("a", i));
    String cursor = client.get("/things?limit=2").json().get("nextCursor").asString();

    JsonNode problem = client.get("/things?limit=2&name=a&cursor=" + cursor).json();

    assertThat(problem.at("/errors/0/parameter").asString()).isEqualTo("cursor");
  }

  @Test
  void aChangedCursorIsRefused() {
    IntStream.range(0, 3).forEach(i -> store("a", i));
    String cursor = client.get("/things?limit=2").json().get("nextCursor").asString();
    char first = cursor.charAt(0) == 'A' ? 'B' : 'A';

    Reply reply = client.get("/things?limit=2&cursor=" + first + cursor.substring(1));

    assertThat(reply.status()).isEqualTo(422);
  }

  private static UUID store(String name, int version) {
    UUID id = UUID.randomUUID();
    // Signed comparison, as the sample store sorts; the service's ids grow with time instead.
    Things.STORE.put(id, new Thing(id, "local", name, version));
    return id;
  }

  private static String nextLink(Reply page) {
    String link = page.header("Link");
    if (link == null) {
      return null;
    }
    assertThat(link).matches("<[^>]+>; rel=\"next\"");
    return link.substring(1, link.indexOf('>'));
  }
}
