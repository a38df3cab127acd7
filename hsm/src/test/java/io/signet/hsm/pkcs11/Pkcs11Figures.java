package io.signet.hsm.pkcs11;

import static io.signet.hsm.BareCrypto.R_AND_S;

import io.signet.hsm.BareCrypto;
import io.signet.hsm.CustodianListener;
import io.signet.hsm.Figures;
import io.signet.hsm.KeyAlgorithm;
import io.signet.hsm.KeyCustodian;
import io.signet.hsm.KeyHandle;
import io.signet.hsm.KeyLabel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A token of SoftHSM, beside the same by its C functions alone. */
public final class Pkcs11Figures implements Figures {

  private static final int MOST_CALLERS = 32;

  private final Pkcs11KeyCustodian custodian;
  private final KeyHandle key;
  private final List<RawSession> sessions = new ArrayList<>();

  private Pkcs11Figures(Pkcs11KeyCustodian custodian, KeyHandle key) {
    this.custodian = custodian;
    this.key = key;
  }

  /** The token is in {@code target} of the working directory, wherever the home is. */
  public static Figures open(Path home) throws Exception {
    Pkcs11KeyCustodian custodian =
        Pkcs11KeyCustodian.open(
            Pkcs11Settings.of(SoftHsm.library(), SoftHsm.CUSTODY),
            SoftHsm.pin(),
            CustodianListener.NONE);
    KeyHandle key = custodian.generate(new KeyLabel("reference"), KeyAlgorithm.EC_P256);
    Pkcs11Figures figures = new Pkcs11Figures(custodian, key);
    for (int caller = 0; caller < MOST_CALLERS; caller++) {
      figures.sessions.add(RawSession.open(SoftHsm.CUSTODY));
    }
    return figures;
  }

  @Override
  public String name() {
    return "pkcs11";
  }

  @Override
  public KeyCustodian custodian() {
    return custodian;
  }

  @Override
  public List<Reference> references() {
    return List.of(
        new Reference("C_SignInit, C_Sign", sessions::get),
        new Reference(
            "C_SignInit, C_Sign + verify",
            caller -> BareCrypto.verified(sessions.get(caller), key.publicKey(), R_AND_S)));
  }

  @Override
  public void close() {
    sessions.forEach(RawSession::close);
    custodian.close();
  }
}
