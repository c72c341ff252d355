package io.diptych.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import io.diptych.http.Client.Reply;
import io.diptych.http.access.ApiKeys;
import io.diptych.http.access.NewApiKey;
import io.diptych.http.access.Scope;
import io.diptych.http.access.Tenant;
import io.diptych.http.problem.ProblemType;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.web.filter.FormContentFilter;
import samples.SampleRoutes.Thing;
import samples.SampleRoutes.Things;
import tools.jackson.databind.JsonNode;

@SpringBootTest(
    classes = HttpTestApplication.class,
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "diptych.security.admin-key=" + AuthenticatedAccessTest.ADMIN_KEY,
      "diptych.security.tenant-claim=org",
      "diptych.http.rate-limit.requests-per-minute=30"
    })
class AuthenticatedAccessTest {

  static final String ADMIN_KEY = "an-operators-secret-of-enough-length";

  private static final AtomicInteger TENANTS = new AtomicInteger();
  private static final RSAKey ISSUER_KEY = rsaKey();

  @LocalServerPort private int port;
  @Autowired private ApiKeys keys;
  @Autowired private JdbcClient jdbc;
  @Autowired private ObjectProvider<Filter> filters;
  private Client client;
  private final Tenant tenant = new Tenant("tenant-" + TENANTS.incrementAndGet());

  @DynamicPropertySource
  static void issuer(DynamicPropertyRegistry properties) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    byte[] keySet =
        new JWKSet(ISSUER_KEY.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
    server.createContext(
        "/keys",
        exchange -> {
          exchange.sendResponseHeaders(200, keySet.length);
          exchange.getResponseBody().write(keySet);
          exchange.close();
        });
    server.start();
    properties.add(
        "spring.security.oauth2.resourceserver.jwt.jwk-set-uri",
        () -> "http://127.0.0.1:" + server.getAddress().getPort() + "/keys");
  }

  @BeforeEach
  void connect() {
    client = new Client(port);
  }

  @Test
  void withoutACredentialThereIsOnlyAChallenge() {
    Reply reply = client.get("/things");

    assertProblem(reply, ProblemType.UNAUTHORIZED);
    assertThat(reply.header("WWW-Authenticate")).startsWith("Bearer realm=\"diptych\"");
  }

  @Test
  void withoutACredentialUnknownRoutesLookLikeAllOthers() {
    assertProblem(client.get("/no/such/route"), ProblemType.UNAUTHORIZED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "dpt_0123456789abcdef",
        "dpt_0123456789abcdef-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "an-operators-secret-of-enough-lengt"
      })
  void aKeyThatIsNoneIsRefused(String key) {
    assertProblem(client.get("/things", "X-API-Key", key), ProblemType.UNAUTHORIZED);
  }

  @Test
  void aKeyOpensByEitherHeader() {
    String key = key(Scope.JOBS_READ);

    assertThat(client.get("/things", "X-API-Key", key).status()).isEqualTo(200);
    assertThat(client.get("/things", "Authorization", "Bearer " + key).status()).isEqualTo(200);
  }

  @Test
  void aKeyWithOneWrongCharacterIsRefused() {
    String key = key(Scope.JOBS_READ);
    char last = key.charAt(key.length() - 1) == 'A' ? 'Q' : 'A';

    Reply reply = client.get("/things", "X-API-Key", key.substring(0, key.length() - 1) + last);

    assertProblem(reply, ProblemType.UNAUTHORIZED);
  }

  @Test
  void aRevokedKeyIsRefusedAtOnce() {
    NewApiKey made = keys.create(tenant, "k", Set.of(Scope.JOBS_READ), null);
    keys.revoke(made.key().id());

    assertProblem(client.get("/things", "X-API-Key", made.secret()), ProblemType.UNAUTHORIZED);
  }

  @Test
  void anExpiredKeyIsRefused() {
    NewApiKey made =
        keys.create(tenant, "k", Set.of(Scope.JOBS_READ), Instant.now().minusSeconds(1));

    assertProblem(client.get("/things", "X-API-Key", made.secret()), ProblemType.UNAUTHORIZED);
  }

  @Test
  void theScopeThatIsMissingIsNamed() {
    Reply reply = client.post("/things", "{\"name\":\"a\"}", "X-API-Key", key(Scope.JOBS_READ));

    JsonNode problem = assertProblem(reply, ProblemType.FORBIDDEN);

    assertThat(problem.get("detail").asString()).isEqualTo("This needs the scope decompose:write.");
  }

  @Test
  void aScopeThatIsMissingIsSeenBeforeTheBody() {
    Reply reply = client.post("/things", "{broken", "X-API-Key", key(Scope.JOBS_READ));

    assertProblem(reply, ProblemType.FORBIDDEN);
  }

  @Test
  void aScopeThatIsMissingIsSeenBeforeUnknownParts() {
    String body = "--x\r\nContent-Disposition: form-data; name=\"step\"\r\n\r\n20\r\n--x--\r\n";
    for (Scope scope : List.of(Scope.GENERATE_WRITE, Scope.JOBS_READ)) {
      Reply reply =
          client.send(
              client
                  .at("/things/uploads")
                  .header("Content-Type", "multipart/form-data; boundary=x")
                  .header("X-API-Key", key(scope))
                  .POST(HttpRequest.BodyPublishers.ofString(body)));

      assertProblem(
          reply, scope == Scope.JOBS_READ ? ProblemType.VALIDATION : ProblemType.FORBIDDEN);
    }
  }

  @Test
  void whatBelongsToAnotherTenantDoesNotExist() {
    UUID theirs = UUID.randomUUID();
    Things.STORE.put(theirs, new Thing(theirs, "someone-else", "secret", 1));
    String key = key(Scope.JOBS_READ);

    Reply foreign = client.get("/things/" + theirs, "X-API-Key", key);
    UUID none = UUID.randomUUID();
    Reply missing = client.get("/things/" + none, "X-API-Key", key);

    assertProblem(foreign, ProblemType.NOT_FOUND);
    assertThat(anonymous(foreign, theirs)).isEqualTo(anonymous(missing, none));
    assertThat(client.get("/things", "X-API-Key", key).json().get("items")).isEmpty();
  }

  @Test
  void anotherTenantsCursorIsRefused() {
    for (int i = 0; i < 3; i++) {
      UUID id = UUID.randomUUID();
      Things.STORE.put(id, new Thing(id, tenant.id(), "a", i));
    }
    String cursor =
        client
            .get("/things?limit=1", "X-API-Key", key(Scope.JOBS_READ))
            .json()
            .get("nextCursor")
            .asString();
    String other =
        keys.create(new Tenant("other-" + tenant), "k", Set.of(Scope.JOBS_READ), null).secret();

    assertProblem(
        client.get("/things?limit=1&cursor=" + cursor, "X-API-Key", other), ProblemType.VALIDATION);
  }

  @Test
  void theSameIdempotencyKeyOfTwoTenantsIsTwoKeys() {
    String mine = key(Scope.DECOMPOSE_WRITE);
    String theirs =
        keys.create(new Tenant("other-" + tenant), "k", Set.of(Scope.DECOMPOSE_WRITE), null)
            .secret();
    String[] first = {"X-API-Key", mine, "Idempotency-Key", "shared"};
    String[] second = {"X-API-Key", theirs, "Idempotency-Key", "shared"};

    Reply one = client.post("/things", "{\"name\":\"a\"}", first);
    Reply two = client.post("/things", "{\"name\":\"b\"}", second);

    assertThat(two.status()).isEqualTo(202);
    assertThat(two.header("Location")).isNotEqualTo(one.header("Location"));
  }

  @Test
  void theSecretIsNotStored() {
    NewApiKey made = keys.create(tenant, "k", Set.of(Scope.JOBS_READ), null);
    String secret = made.secret().substring(made.key().id().length() + 1);

    String row =
        jdbc.sql("select cast(api_key as text) from api_key where id = :id")
            .param("id", made.key().id())
            .query(String.class)
            .single();

    assertThat(row).contains(made.key().id()).doesNotContain(secret);
    assertThat(made.toString()).doesNotContain(secret);
  }

  @Test
  void theUseOfAKeyIsRecorded() {
    NewApiKey made = keys.create(tenant, "k", Set.of(Scope.JOBS_READ), null);
    client.get("/things", "X-API-Key", made.secret());

    assertThat(keys.list(tenant))
        .singleElement()
        .satisfies(
            key ->
                assertThat(key.lastUsedAt())
                    .isBetween(Instant.now().minusSeconds(60), Instant.now()));
  }

  @Test
  void anOperatorMakesAKeyThatWorksAndRevokesIt() {
    Reply made =
        client.post(
            "/admin/keys",
            "{\"tenant\":\"%s\",\"name\":\"ci\",\"scopes\":[\"jobs:read\"]}".formatted(tenant),
            "X-API-Key",
            ADMIN_KEY);
    String secret = made.json().get("secret").asString();
    Reply listed = client.get("/admin/keys?tenant=" + tenant, "X-API-Key", ADMIN_KEY);
    int before = client.get("/things", "X-API-Key", secret).status();
    Reply revoked =
        client.send(client.at(made.header("Location")).header("X-API-Key", ADMIN_KEY).DELETE());
    int after = client.get("/things", "X-API-Key", secret).status();

    assertThat(made.status()).isEqualTo(201);
    assertThat(listed.json().at("/items/0/name").asString()).isEqualTo("ci");
    assertThat(listed.body()).doesNotContain(secret).doesNotContain("hash");
    assertThat(before).isEqualTo(200);
    assertThat(revoked.status()).isEqualTo(204);
    assertThat(after).isEqualTo(401);
  }

  @Test
  void aKeyForNobodyIsAProblemWithItsPointer() {
    JsonNode tenantProblem =
        assertProblem(
            client.post(
                "/admin/keys",
                "{\"tenant\":\"a/b\",\"name\":\"ci\",\"scopes\":[\"jobs:read\"]}",
                "X-API-Key",
                ADMIN_KEY),
            ProblemType.VALIDATION);
    JsonNode scopeProblem =
        assertProblem(
            client.post(
                "/admin/keys",
                "{\"tenant\":\"a\",\"name\":\"ci\",\"scopes\":[\"jobs:read\",\"root\"]}",
                "X-API-Key",
                ADMIN_KEY),
            ProblemType.VALIDATION);

    assertThat(tenantProblem.at("/errors/0/pointer").asString()).isEqualTo("/tenant");
    assertThat(scopeProblem.at("/errors/0/pointer").asString()).isEqualTo("/scopes/1");
    assertThat(scopeProblem.at("/errors/0/detail").asString())
        .isEqualTo("must be one of decompose:write, generate:write, jobs:read, admin");
  }

  @Test
  void theAdminKeyManagesKeysAndNothingElse() {
    assertProblem(client.get("/things", "X-API-Key", ADMIN_KEY), ProblemType.FORBIDDEN);
  }

  @Test
  void aTenantsKeyManagesNoKeys() {
    String key = key(Scope.JOBS_READ, Scope.DECOMPOSE_WRITE, Scope.GENERATE_WRITE);

    assertProblem(
        client.get("/admin/keys?tenant=" + tenant, "X-API-Key", key), ProblemType.FORBIDDEN);
  }

  @Test
  void aTokenOfTheIssuerOpens() {
    String token = token(ISSUER_KEY, claims().claim("scope", "openid jobs:read"));

    assertThat(client.get("/things", "Authorization", "Bearer " + token).status()).isEqualTo(200);
  }

  @Test
  void scopesMayComeAsAList() {
    String token = token(ISSUER_KEY, claims().claim("scp", List.of("jobs:read")));

    assertThat(client.get("/things", "Authorization", "Bearer " + token).status()).isEqualTo(200);
  }

  @Test
  void aTokenSeesTheThingsOfItsTenant() {
    UUID mine = UUID.randomUUID();
    Things.STORE.put(mine, new Thing(mine, tenant.id(), "a", 1));
    String token = token(ISSUER_KEY, claims().claim("scope", "jobs:read"));

    assertThat(client.get("/things/" + mine, "Authorization", "Bearer " + token).status())
        .isEqualTo(200);
  }

  @Test
  void aTokenWithoutTheScopeIsForbidden() {
    String token = token(ISSUER_KEY, claims().claim("scope", "openid"));

    assertProblem(client.get("/things", "Authorization", "Bearer " + token), ProblemType.FORBIDDEN);
  }

  @Test
  void aTokenWithoutATenantIsRefused() {
    String token =
        token(
            ISSUER_KEY,
            new JWTClaimsSet.Builder().expirationTime(in(60)).claim("scope", "jobs:read"));

    assertProblem(
        client.get("/things", "Authorization", "Bearer " + token), ProblemType.UNAUTHORIZED);
  }

  @Test
  void anExpiredTokenIsRefused() {
    String token =
        token(ISSUER_KEY, claims().claim("scope", "jobs:read").expirationTime(in(-3600)));

    assertProblem(
        client.get("/things", "Authorization", "Bearer " + token), ProblemType.UNAUTHORIZED);
  }

  @Test
  void aTokenOfAnotherIssuerIsRefused() {
    String token = token(rsaKey(), claims().claim("scope", "jobs:read"));

    assertProblem(
        client.get("/things", "Authorization", "Bearer " + token), ProblemType.UNAUTHORIZED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "a.b.c", ""})
  void aTokenThatIsNoneIsRefused(String token) {
    assertProblem(
        client.get("/things", "Authorization", "Bearer " + token), ProblemType.UNAUTHORIZED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/actuator/health",
        "/problems",
        "/problems/queue-full",
        "/openapi",
        "/openapi.yaml"
      })
  void whatIsTheSameForEverybodyNeedsNoCredential(String path) {
    assertThat(client.get(path).status()).isEqualTo(200);
  }

  @Test
  void theRestOfTheActuatorIsForOperators() {
    assertProblem(client.get("/actuator"), ProblemType.UNAUTHORIZED);
    assertProblem(
        client.get("/actuator", "X-API-Key", key(Scope.JOBS_READ)), ProblemType.FORBIDDEN);
    assertThat(client.get("/actuator", "X-API-Key", ADMIN_KEY).status()).isEqualTo(200);
  }

  @Test
  void tooManyRequestsAreRefusedWithATimeToComeBack() {
    String key = key(Scope.JOBS_READ);
    Reply reply = client.get("/things", "X-API-Key", key);
    assertThat(reply.header("RateLimit-Policy")).isEqualTo("\"requests\";q=30;w=60");
    assertThat(reply.header("RateLimit")).startsWith("\"requests\";r=29;t=");

    for (int i = 0; i < 1000 && reply.status() == 200; i++) {
      reply = client.get("/things", "X-API-Key", key);
    }

    assertProblem(reply, ProblemType.RATE_LIMITED);
    assertThat(Integer.parseInt(reply.header("Retry-After"))).isBetween(1, 2);
    assertThat(reply.header("RateLimit")).startsWith("\"requests\";r=0;t=");
  }

  @Test
  void aFailureToLookUpAKeyIsAProblemOfOurs() {
    String key = key(Scope.JOBS_READ);
    jdbc.sql("alter table api_key rename to api_key_away").update();
    try {
      assertProblem(client.get("/things", "X-API-Key", key), ProblemType.INTERNAL);
    } finally {
      jdbc.sql("alter table api_key_away rename to api_key").update();
    }
  }

  @Test
  void nothingReadsTheFormsOfStrangers() {
    assertThat(filters.orderedStream())
        .isNotEmpty()
        .noneMatch(filter -> filter instanceof FormContentFilter);
  }

  @Test
  void anUnreadableUploadOfAStrangerIsNotEvenRead() {
    Reply reply =
        client.send(
            client
                .at("/things/uploads")
                .header("Content-Type", "multipart/form-data; boundary=x")
                .POST(HttpRequest.BodyPublishers.ofString("--x\r\n")));

    assertProblem(reply, ProblemType.UNAUTHORIZED);
  }

  private String key(Scope... scopes) {
    return keys.create(tenant, "test", Set.of(scopes), null).secret();
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .subject("somebody")
        .claim("org", tenant.id())
        .expirationTime(in(60));
  }

  private static Date in(long seconds) {
    return Date.from(Instant.now().plus(Duration.ofSeconds(seconds)));
  }

  private static String token(RSAKey key, JWTClaimsSet.Builder claims) {
    try {
      SignedJWT token =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("issuer").build(), claims.build());
      token.sign(new RSASSASigner(key));
      return token.serialize();
    } catch (JOSEException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static RSAKey rsaKey() {
    try {
      return new RSAKeyGenerator(2048).keyID("issuer").generate();
    } catch (JOSEException failure) {
      throw new IllegalStateException(failure);
    }
  }

  private static String anonymous(Reply reply, UUID id) {
    return reply
        .body()
        .replace(id.toString(), "ID")
        .replaceAll("\"traceId\":\"[0-9a-f]{32}\"", "TRACE");
  }

  private static JsonNode assertProblem(Reply reply, ProblemType type) {
    assertThat(reply.status()).as(reply.body()).isEqualTo(type.status());
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(reply.json().get("type").asString()).isEqualTo(type.uri());
    return reply.json();
  }
}
