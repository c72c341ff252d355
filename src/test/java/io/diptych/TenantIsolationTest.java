package io.diptych;

import static org.assertj.core.api.Assertions.assertThat;

import io.diptych.database.TestDatabase;
import io.diptych.decomposition.TestService;
import io.diptych.decomposition.TestService.Caller;
import io.diptych.http.Client.Reply;
import io.diptych.http.problem.ProblemType;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Every route of the running service, tried with another tenant's key and without any. A route that
 * has no entry here fails the test: whoever adds one says what strangers get.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TenantIsolationTest {

  /** What a tenant has. */
  private record Things(UUID decomposition, UUID generation, int previewStep) {

    /** Ids that nobody was ever given. */
    static Things none() {
      return new Things(UUID.randomUUID(), UUID.randomUUID(), 1);
    }

    boolean isIn(String body) {
      return body.contains(decomposition.toString()) || body.contains(generation.toString());
    }
  }

  /** Begins a request: with somebody's key, or with none. */
  private interface From {
    HttpRequest.Builder at(String path);
  }

  /** A request that names a thing; what it names beside is the caller's own. */
  private interface Naming {
    HttpRequest.Builder request(From from, Things named, Things own);
  }

  /** What a route is to a stranger. */
  private sealed interface Entry {

    /** Answers 404 about a thing of somebody else. */
    record NamesAThing(List<Naming> requests) implements Entry {}

    /** Answers with the caller's own things alone. */
    record ListsThings(String path) implements Entry {}

    /** Takes something in and names nothing that exists. */
    record TakesIn(Naming request) implements Entry {}

    /** Is for operators. */
    record Administers(Naming request) implements Entry {}

    /** Tells every tenant the same. */
    record IsShared(String path) implements Entry {}

    /** Is where the container sends failures of its own; who asks for it has had none. */
    record IsInternal(String path) implements Entry {}

    /** Tells everybody the same, with this status. */
    record IsPublic(String path, int status) implements Entry {}
  }

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, Things> things = new LinkedHashMap<>();

  private TestDatabase database;
  private TestService service;
  private Caller alice;
  private Caller bob;

  @BeforeAll
  void start(@TempDir Path directory) {
    database = TestDatabase.create();
    service = TestService.start(database, directory, "diptych.decomposition.preview-steps=1");
    alice = service.newTenant();
    bob = service.newTenant();
    List.of(alice, bob).forEach(tenant -> things.put(tenant.name(), make(tenant)));
    entries();
  }

  @AfterAll
  void stop() {
    service.close();
    database.close();
  }

  private static Things make(Caller tenant) {
    JsonNode learned = tenant.run("{\"steps\": 2, \"rectification\": false}", "SUCCEEDED");
    String preview = learned.get("links").get("previews").get(0).asString();
    JsonNode made = tenant.generate("{\"prompt\": \"a cat\"}").json();
    return new Things(
        UUID.fromString(learned.get("id").asString()),
        UUID.fromString(made.get("id").asString()),
        Integer.parseInt(preview.substring(preview.lastIndexOf('/') + 1)));
  }

  private void entries() {
    entry("GET /decompositions/{id}", get(of -> decomposition(of)));
    entry("GET /decompositions/{id}/attempts", get(of -> decomposition(of) + "/attempts"));
    entry("GET /decompositions/{id}/events", get(of -> decomposition(of) + "/events"));
    entry("GET /decompositions/{id}/artifact", get(of -> decomposition(of) + "/artifact"));
    entry(
        "GET /decompositions/{id}/previews/{step}",
        get(of -> decomposition(of) + "/previews/" + of.previewStep()));
    entry("POST /decompositions/{id}/cancel", post(of -> decomposition(of) + "/cancel"));
    entry("POST /decompositions/{id}/retry", post(of -> decomposition(of) + "/retry"));
    entry("GET /generations/{id}", get(of -> generation(of)));
    entry("GET /generations/{id}/events", get(of -> generation(of) + "/events"));
    entry("GET /generations/{id}/images/{index}", get(of -> generation(of) + "/images/0"));
    entry("POST /generations/{id}/cancel", post(of -> generation(of) + "/cancel"));
    entry(
        "POST /generate",
        json("/generate", (named, own) -> prompt("{content}", named, null)),
        json("/generate", (named, own) -> prompt("{style}", null, named)),
        json("/generate", (named, own) -> prompt("{content} {style}", named, own)),
        json("/generate", (named, own) -> prompt("{content} {style}", own, named)));
    entry(
        "POST /contact-sheets",
        json("/contact-sheets", (named, own) -> sheet(uploadOf(named))),
        json("/contact-sheets", (named, own) -> sheet(pictureOf(named))),
        json("/contact-sheets", (named, own) -> sheet(pictureOf(own), uploadOf(named))),
        json("/contact-sheets", (named, own) -> sheet(uploadOf(own), pictureOf(named))));
    // Last: the callers' own go with them.
    entry("DELETE /generations/{id}", delete(of -> generation(of)));
    entry("DELETE /decompositions/{id}", delete(of -> decomposition(of)));

    entries.put("GET /decompositions", new Entry.ListsThings("/decompositions"));
    entries.put("GET /generations", new Entry.ListsThings("/generations"));

    entries.put(
        "POST /decompositions",
        new Entry.TakesIn((from, named, own) -> multipart(from.at("/decompositions"))));
    entries.put(
        "PUT /artifacts",
        new Entry.TakesIn(
            (from, named, own) ->
                from.at("/artifacts")
                    .header("Content-Type", "application/octet-stream")
                    .PUT(BodyPublishers.ofString("no artifact"))));

    entries.put(
        "GET /admin/keys", new Entry.Administers((from, named, own) -> from.at("/admin/keys")));
    entries.put(
        "POST /admin/keys",
        new Entry.Administers(
            (from, named, own) ->
                from.at("/admin/keys")
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString("{\"tenant\": \"" + alice.name() + "\"}"))));
    entries.put(
        "DELETE /admin/keys/{id}",
        new Entry.Administers((from, named, own) -> from.at("/admin/keys/any").DELETE()));

    entries.put("GET /models", new Entry.IsShared("/models"));
    entries.put("GET /models/{name}", new Entry.IsShared("/models/pocket"));

    entries.put("GET /problems", new Entry.IsPublic("/problems", 200));
    entries.put("GET /problems/{slug}", new Entry.IsPublic("/problems/not-found", 200));
    entries.put("GET /openapi", new Entry.IsPublic("/openapi", 200));
    entries.put("GET /openapi.yaml", new Entry.IsPublic("/openapi.yaml", 200));
    entries.put("GET /openapi/swagger-config", new Entry.IsPublic("/openapi/swagger-config", 200));
    entries.put("GET /swagger-ui.html", new Entry.IsPublic("/swagger-ui.html", 302));

    entries.put("ANY /error", new Entry.IsInternal("/error"));
  }

  private void entry(String route, Naming... requests) {
    entries.put(route, new Entry.NamesAThing(List.of(requests)));
  }

  private interface PathOf {
    String path(Things of);
  }

  private interface BodyOf {
    String body(Things named, Things own);
  }

  private static Naming get(PathOf path) {
    return (from, named, own) -> from.at(path.path(named));
  }

  private static Naming post(PathOf path) {
    return (from, named, own) -> from.at(path.path(named)).POST(BodyPublishers.noBody());
  }

  private static Naming delete(PathOf path) {
    return (from, named, own) -> from.at(path.path(named)).DELETE();
  }

  private static Naming json(String path, BodyOf body) {
    return (from, named, own) ->
        from.at(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body.body(named, own)));
  }

  private static HttpRequest.Builder multipart(HttpRequest.Builder request) {
    return request
        .header("Content-Type", "multipart/form-data; boundary=b")
        .POST(
            BodyPublishers.ofString(
                "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n"
                    + "Content-Type: image/png\r\n\r\nno picture\r\n--b--\r\n"));
  }

  private static String decomposition(Things of) {
    return "/decompositions/" + of.decomposition();
  }

  private static String generation(Things of) {
    return "/generations/" + of.generation();
  }

  private static String prompt(String slots, Things content, Things style) {
    return "{\"prompt\": \"a %s\"%s%s}"
        .formatted(
            slots,
            content == null ? "" : ", \"content\": \"" + content.decomposition() + "\"",
            style == null ? "" : ", \"style\": \"" + style.decomposition() + "\"");
  }

  private static String sheet(String... cells) {
    return "{\"rows\": [{\"pictures\": [" + String.join(",", cells) + "]}]}";
  }

  private static String uploadOf(Things of) {
    return "{\"decomposition\": \"" + of.decomposition() + "\"}";
  }

  private static String pictureOf(Things of) {
    return "{\"generation\": \"" + of.generation() + "\"}";
  }

  /** Method and pattern of every route that Spring knows, but for those that are not ours. */
  private Set<String> routes() {
    return service
        .context()
        .getBean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .keySet()
        .stream()
        .flatMap(TenantIsolationTest::routes)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Stream<String> routes(RequestMappingInfo route) {
    Set<RequestMethod> methods = route.getMethodsCondition().getMethods();
    List<String> names =
        methods.isEmpty() ? List.of("ANY") : methods.stream().map(RequestMethod::name).toList();
    return route.getPatternValues().stream()
        .flatMap(pattern -> names.stream().map(name -> name + " " + pattern));
  }

  private interface Check<E extends Entry> {
    void of(String route, E entry);
  }

  /** Checks every entry of a kind, of which there must be some. */
  private <E extends Entry> void each(Class<E> kind, Check<E> check) {
    List<String> checked = new ArrayList<>();
    entries.forEach(
        (route, entry) -> {
          if (kind.isInstance(entry)) {
            check.of(route, kind.cast(entry));
            checked.add(route);
          }
        });
    assertThat(checked).isNotEmpty();
  }

  private Things of(Caller tenant) {
    return things.get(tenant.name());
  }

  private Reply send(HttpRequest.Builder request) {
    return alice.client().send(request);
  }

  /** A request without any credential. */
  private HttpRequest.Builder anonymous(String path) {
    return alice.client().at(path);
  }

  @Test
  void everyRouteHasAnEntryAndEveryEntryARoute() {
    assertThat(entries.keySet()).containsExactlyInAnyOrderElementsOf(routes());
    System.out.printf("Routes tried as a stranger: %d.%n", entries.size());
  }

  @Test
  void whatBelongsToAnotherTenantIsAsIfItNeverWas() {
    JsonNode decomposition = alice.get(decomposition(of(alice))).json();
    JsonNode generation = alice.get(generation(of(alice))).json();

    each(
        Entry.NamesAThing.class,
        (route, entry) -> {
          for (Naming naming : entry.requests()) {
            Things none = Things.none();
            Reply foreign = send(naming.request(bob::at, of(alice), of(bob)));
            Reply nobodys = send(naming.request(bob::at, none, of(bob)));

            assertThat(foreign.status()).as(route + ": " + foreign.body()).isEqualTo(404);
            assertThat(foreign.json().get("type").asString())
                .as(route)
                .isIn(ProblemType.NOT_FOUND.uri(), ProblemType.UNKNOWN_ARTIFACT.uri());
            assertThat(without(of(alice), foreign)).as(route).isEqualTo(without(none, nobodys));
          }
        });

    assertThat(alice.get(decomposition(of(alice))).json()).isEqualTo(decomposition);
    assertThat(alice.get(generation(of(alice))).json()).isEqualTo(generation);
  }

  /** A problem without what differs between two requests for the same kind of nothing. */
  private static String without(Things named, Reply reply) {
    ObjectNode problem = (ObjectNode) reply.json();
    problem.remove("traceId");
    return problem
        .toString()
        .replace(named.decomposition().toString(), "ID")
        .replace(named.generation().toString(), "ID");
  }

  /** Or the test before would find nothing wherever it looked. */
  @Test
  void theSameRequestsFindWhatIsTheCallersOwn() {
    Caller carol = service.newTenant();
    Things own = make(carol);

    each(
        Entry.NamesAThing.class,
        (route, entry) -> {
          for (Naming naming : entry.requests()) {
            Reply reply = send(naming.request(carol::at, own, own));
            assertThat(reply.status()).as(route + ": " + reply.body()).isIn(200, 201, 204, 409);
          }
        });
  }

  @Test
  void listsHoldTheCallersOwnAlone() {
    each(
        Entry.ListsThings.class,
        (route, entry) -> {
          String listed = bob.get(entry.path()).body();
          assertThat(of(bob).isIn(listed)).as(route + " has the caller's own").isTrue();
          assertThat(of(alice).isIn(listed)).as(route + " has somebody else's").isFalse();
          assertThat(service.newTenant().get(entry.path()).json().get("items")).isEmpty();
        });
  }

  @Test
  void whatIsTakenInTwiceByTwoIsTwoThings() {
    each(
        Entry.TakesIn.class,
        (route, entry) -> {
          Reply reply = send(entry.request().request(bob::at, of(alice), of(bob)));
          assertThat(reply.status()).as(route + ": what is wrong in itself").isIn(415, 422);
          assertThat(of(alice).isIn(reply.body())).as(route).isFalse();
        });
    Caller carol = service.newTenant();
    byte[] artifact = alice.bytes(decomposition(of(alice)) + "/artifact");
    Reply imported = carol.put("/artifacts", artifact);
    assertThat(imported.status()).isEqualTo(201);
    assertThat(of(alice).isIn(imported.body())).isFalse();
    String first = alice.submit("{\"steps\": 1}", "Idempotency-Key", "k").header("Location");
    Reply second = carol.submit("{\"steps\": 1}", "Idempotency-Key", "k");
    assertThat(second.header("Idempotency-Replayed")).isNull();
    assertThat(second.header("Location")).isNotEqualTo(first);
    alice.until(first, "SUCCEEDED");
    assertThat(carol.get(first).status()).isEqualTo(404);
  }

  @Test
  void tenantsDoNotAdminister() {
    each(
        Entry.Administers.class,
        (route, entry) ->
            assertThat(send(entry.request().request(bob::at, of(alice), of(bob))).status())
                .as(route)
                .isEqualTo(403));
  }

  @Test
  void whatIsInternalTellsNothing() {
    each(
        Entry.IsInternal.class,
        (route, entry) -> {
          Reply reply = bob.get(entry.path());
          assertThat(reply.status()).as(route).isIn(403, 404);
          assertThat(of(alice).isIn(reply.body())).as(route).isFalse();
        });
  }

  @Test
  void whatIsSharedTellsEveryTenantTheSame() {
    each(
        Entry.IsShared.class,
        (route, entry) -> {
          assertThat(bob.get(entry.path()).status()).as(route).isEqualTo(200);
          assertThat(bob.get(entry.path()).body())
              .as(route)
              .isEqualTo(alice.get(entry.path()).body());
        });
  }

  @Test
  void whoSendsNoKeyGetsNothingButWhatIsPublic() {
    entries.forEach(
        (route, entry) -> {
          if (entry instanceof Entry.IsPublic open) {
            Reply reply = send(anonymous(open.path()));
            assertThat(reply.status()).as(route).isEqualTo(open.status());
            assertThat(of(alice).isIn(reply.body())).as(route).isFalse();
          } else {
            requests(entry)
                .forEach(
                    request -> {
                      Reply reply = send(request);
                      assertThat(reply.status()).as(route).isEqualTo(401);
                      assertThat(of(alice).isIn(reply.body())).as(route).isFalse();
                    });
          }
        });
  }

  /** The requests of an entry about what is Alice's, without a credential. */
  private Stream<HttpRequest.Builder> requests(Entry entry) {
    if (entry instanceof Entry.NamesAThing naming) {
      return naming.requests().stream().map(this::anonymously);
    }
    if (entry instanceof Entry.TakesIn takes) {
      return Stream.of(anonymously(takes.request()));
    }
    if (entry instanceof Entry.Administers administers) {
      return Stream.of(anonymously(administers.request()));
    }
    if (entry instanceof Entry.ListsThings lists) {
      return Stream.of(anonymous(lists.path()));
    }
    return Stream.of(
        anonymous(
            entry instanceof Entry.IsShared shared
                ? shared.path()
                : ((Entry.IsInternal) entry).path()));
  }

  private HttpRequest.Builder anonymously(Naming naming) {
    return naming.request(this::anonymous, of(alice), of(alice));
  }
}
