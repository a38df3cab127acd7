package io.signet.hsm.vault;

import io.signet.hsm.ForeignKey;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/** A private key as Transit takes it in: nobody but who has the wrapping key can read it. */
final class WrappedKey {

  /** The hash of the padding, as a request names it. */
  static final String HASH = "SHA256";

  private static final OAEPParameterSpec PADDING =
      new OAEPParameterSpec(
          "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
  private static final int AES_BITS = 256;

  private WrappedKey() {}

  /**
   * An AES key for this use under the wrapping key, and then the PKCS#8 under the AES key (RFC
   * 5649); in base64.
   *
   * @throws GeneralSecurityException when the wrapping key is none that can be used so
   */
  static String of(ForeignKey key, PublicKey wrapping) throws GeneralSecurityException {
    SecretKey aes = newAesKey();
    Cipher outer = Cipher.getInstance("RSA/ECB/OAEPPadding");
    outer.init(Cipher.WRAP_MODE, wrapping, PADDING);
    Cipher inner = Cipher.getInstance("AES/KWP/NoPadding");
    inner.init(Cipher.WRAP_MODE, aes);
    return base64(outer.wrap(aes), inner.wrap(key.privateKey()));
  }

  private static SecretKey newAesKey() throws GeneralSecurityException {
    KeyGenerator generator = KeyGenerator.getInstance("AES");
    generator.init(AES_BITS);
    return generator.generateKey();
  }

  private static String base64(byte[] head, byte[] tail) {
    byte[] both = ByteBuffer.allocate(head.length + tail.length).put(head).put(tail).array();
    return Base64.getEncoder().encodeToString(both);
  }
}
