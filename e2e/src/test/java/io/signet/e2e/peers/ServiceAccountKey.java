package io.signet.e2e.peers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import java.util.function.Consumer;

/** The key with which an API server signs service account tokens; we have it, so we can forge. */
final class ServiceAccountKey {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final PrivateKey key;

  private ServiceAccountKey(PrivateKey key) {
    this.key = key;
  }

  static ServiceAccountKey generate() throws IOException {
    try {
      var generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return new ServiceAccountKey(generator.generateKeyPair().getPrivate());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  void writeTo(Path pem) throws IOException {
    String body = Base64.getMimeEncoder().encodeToString(key.getEncoded());
    Files.writeString(
        pem, "-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n");
  }

  /** The token with other claims and a valid signature. */
  String resign(String token, Consumer<ObjectNode> change) throws IOException {
    String[] parts = token.split("\\.", -1);
    var claims = (ObjectNode) JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
    change.accept(claims);
    String signed = parts[0] + "." + base64(JSON.writeValueAsBytes(claims));
    return signed + "." + base64(signature(signed));
  }

  private byte[] signature(String signed) throws IOException {
    try {
      var rs256 = Signature.getInstance("SHA256withRSA");
      rs256.initSign(key);
      rs256.update(signed.getBytes(US_ASCII));
      return rs256.sign();
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
