package io.signet.ca.signing;

import io.signet.ca.x509.CertificateTemplate;
import io.signet.ca.x509.CsrBuilder;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;

/** Requests by which another CA is asked to sign for one of our keys. */
public final class CaRequest {

  private CaRequest() {}

  /**
   * Asks for what the template says; the signature proves that the key is ours.
   *
   * @return PKCS#10, DER
   */
  public static byte[] signed(CertificateTemplate template, KeyHandle key) throws CustodyException {
    byte[] info = CsrBuilder.info(template);
    return CsrBuilder.assemble(info, key.algorithm(), key.sign(info));
  }
}
