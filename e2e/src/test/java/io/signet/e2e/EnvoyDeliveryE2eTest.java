package io.signet.e2e;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.parallel.ExecutionMode.CONCURRENT;

import com.nimbusds.jose.jwk.ECKey;
import io.signet.attestation.oidc.FakeIssuer;
import io.signet.e2e.SdsSource.Api;
import io.signet.e2e.peers.Envoy;
import io.signet.e2e.peers.Ports;
import io.signet.spiffe.SpiffeId;
import io.signet.spiffe.TrustDomain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Mutual TLS of a real Envoy with all its secrets from one server: by both protocols, on each way
 * to it, in both forms of bundles.
 */
@Tag("e2e")
final class EnvoyDeliveryE2eTest {
  private static final ECKey KEY = FakeIssuer.key("issuer");
  private static final String TOKEN_ID = "spiffe://example.org/ns/default/sa/web";
  private static final List<String> SECRETS = List.of("default", "ROOTCA", "session-tickets");

  @TempDir private static Path folder;
  @AutoClose private static FakeIssuer issuer;
  @AutoClose private static SignetProcess signet;
  private static Path svid;
  private static MutualTls stranger;
  private static Map<Way, SdsSource> sources;

  /** How Envoy reaches the server, and who it is there. */
  enum Way {
    UNIX_SOCKET(ServerFolder.CALLER),
    TOKEN_BY_GOOGLE(TOKEN_ID),
    TOKEN_BY_INJECTOR(TOKEN_ID),
    MUTUAL_TLS(ServerFolder.CALLER);

    private final String id;

    Way(String id) {
      this.id = id;
    }

    private SdsSource source() throws IOException {
      return switch (this) {
        case UNIX_SOCKET -> SdsSource.unix(signet.socket());
        case TOKEN_BY_GOOGLE -> SdsSource.google(signet, folder.resolve("token"));
        case TOKEN_BY_INJECTOR -> SdsSource.injected(signet, folder.resolve("token"));
        case MUTUAL_TLS -> SdsSource.mutualTls(signet, svid);
      };
    }
  }

  /** NAME-7: the server is set to the validator, and this node can say that it has none. */
  enum Form {
    TRUSTED_CA("disable_spiffe_cert_validation: true", "trusted_ca"),
    SPIFFE_VALIDATOR("", "envoy.tls.cert_validator.spiffe");

    private final String metadata;
    private final String field;

    Form(String metadata, String field) {
      this.metadata = metadata;
      this.field = field;
    }
  }

  static Stream<Arguments> cells() {
    return Arrays.stream(Api.values())
        .flatMap(api ->
            Arrays.stream(Way.values())
                .flatMap(
                    way -> Arrays.stream(Form.values()).map(form -> Arguments.of(api, way, form))));
  }

  @BeforeAll
  static void launch() throws Exception {
    issuer = new FakeIssuer(KEY);
    var server = ServerFolder.create(folder.resolve("server"));
    String jwt =
        "jwt: [ { issuer: \"%s\", jwks-url: \"%s\" } ]\n".formatted(issuer.url(), issuer.jwksUrl());
    server.configureMore(
        "sds: { names: { bundle-form: spiffe-validator } }\n" + ServerFolder.attestation(jwt));
    signet = SignetProcess.serve(server.config());
    Files.writeString(folder.resolve("token"), issuer.token(KEY, Clock.systemUTC()).token());
    svid = folder.resolve("svid");
    var fetched =
        SignetProcess.command(
            "svid", "fetch", "--sds", "unix:" + signet.socket(), "--out", svid.toString());
    assertThat(fetched.exit()).as(fetched.errors()).isZero();
    var other = new TrustDomain("other.org");
    stranger =
        MutualTls.of(
            PlayedCa.of(other, "other").issue(SpiffeId.of(other, "web")),
            SignedChain.parse(Files.readString(signet.bundle())));
    sources = sources();
  }

  private static Map<Way, SdsSource> sources() throws IOException {
    var all = new EnumMap<Way, SdsSource>(Way.class);
    for (Way way : Way.values()) {
      all.put(way, way.source());
    }
    return all;
  }

  private static SdsSource source(Way way) {
    return requireNonNull(sources.get(way));
  }

  // EF-1, EF-2, AUTH-1 to AUTH-4, FLD-1, FLD-3, FLD-6, FLD-7, NAME-1, NAME-2, NAME-7, SDS-1
  @ParameterizedTest
  @MethodSource("cells")
  @Execution(CONCURRENT)
  void envoy_withAllSecretsFromUs_speaksMutualTlsAndRefusesAStranger(Api api, Way way, Form form)
      throws Exception {
    int port = Ports.free();
    var config = MeshConfig.both(source(way).by(api), port).metadata(form.metadata).tickets();
    try (var envoy = Envoy.start(config.yaml())) {
      envoy.awaitReady();

      assertThat(Traffic.request(envoy.listenerPort("out")))
          .startsWith("HTTP/1.1 200 ")
          .contains("x-client: " + way.id, "x-server: " + way.id);
      assertThat(MutualTls.of(svid).get(port)).contains("x-client: " + ServerFolder.CALLER);
      assertThatThrownBy(() -> stranger.get(port)).isInstanceOf(IOException.class);

      assertThat(envoy.total("^listener\\..*\\.ssl\\.fail_verify_error$")).isEqualTo(1);
      for (String name : SECRETS) {
        assertThat(envoy.stat("sds." + name + ".update_success")).as(name).isEqualTo(1);
      }
      assertThat(envoy.total("^sds\\..*\\.(update_failure|update_rejected)$")).isZero();
      assertThat(envoy.configDump("dynamic_active_secrets")).contains("\"" + form.field + "\"");
    }
  }

  // EF-3, NAME-1, SDS-18: asked for when a handshake needs it.
  @ParameterizedTest
  @CsvSource({"default, true", "no-such-name, false"})
  void envoy_withCertificateOnDemand_toldAtOnceWhetherThereIsOne(String name, boolean there)
      throws Exception {
    var source = source(Way.UNIX_SOCKET).by(Api.DELTA_GRPC);
    var config = MeshConfig.server(source).onDemand().certificate(name);
    try (var envoy = Envoy.start(config.yaml())) {
      envoy.awaitReady();
      int port = envoy.listenerPort("in");
      if (there) {
        assertThat(MutualTls.of(svid).get(port)).startsWith("HTTP/1.1 200 ");
      } else {
        assertThatThrownBy(() -> MutualTls.of(svid).get(port)).isInstanceOf(SSLException.class);
      }
    }
  }
}
