package io.signet.hsm.vault;

import io.signet.hsm.BareCrypto;
import io.signet.hsm.Figures;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** OpenBao's Transit, beside the same asked by a bare HTTP client, a signature each time. */
public final class VaultFigures implements Figures {

  private static final String LABEL = "reference";
  private static final int OK = 200;

  private final TransitPeer peer;
  private final VaultKeyCustodian custodian;
  private final KeyHandle key;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String token;

  private VaultFigures(TransitPeer peer, VaultKeyCustodian custodian) throws Exception {
    this.peer = peer;
    this.custodian = custodian;
    this.key = custodian.generate(new KeyLabel(LABEL), KeyAlgorithm.EC_P256);
    this.token = peer.newToken();
  }

  public static Figures open(Path home) throws Exception {
    TransitPeer peer = TransitPeer.alone(home);
    return new VaultFigures(peer, peer.custodian(peer.first()));
  }

  @Override
  public String name() {
    return "openbao";
  }

  @Override
  public KeyCustodian custodian() {
    return custodian;
  }

  @Override
  public List<Reference> references() {
    KeyHandle.Signer verified = BareCrypto.verified(this::sign, key.publicKey());
    return List.of(
        new Reference("HttpClient", _ -> this::sign),
        new Reference("HttpClient + verify", _ -> verified));
  }

  private byte[] sign(byte[] message) {
    String input = Base64.getEncoder().encodeToString(BareCrypto.sha256(message));
    String body =
        "{\"input\":\"%s\",\"prehashed\":true,\"key_version\":1,\"marshaling_algorithm\":\"asn1\"}"
            .formatted(input);
    URI address =
        URI.create(
            "%s/v1/%s/sign/%s/sha2-256"
                .formatted(peer.first().address(), TransitPeer.MOUNT, LABEL));
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("X-Vault-Token", token)
            .POST(BodyPublishers.ofString(body))
            .build();
    return signature(answered(request));
  }

  private String answered(HttpRequest request) {
    try {
      HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
      if (response.statusCode() != OK) {
        throw new IllegalStateException(response.body());
      }
      return response.body();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] signature(String answer) {
    String signature = Bao.text(answer, "signature");
    return Base64.getDecoder().decode(signature.substring(signature.lastIndexOf(':') + 1));
  }

  @Override
  public void close() throws Exception {
    http.shutdownNow();
    custodian.close();
    peer.close();
  }
}
