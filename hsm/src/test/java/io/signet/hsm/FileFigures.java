package io.signet.hsm;

import io.signet.hsm.soft.QuickFileKeys;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.List;

/** Keys in files, beside the JCA by itself. */
final class FileFigures implements Figures {

  private final KeyCustodian custodian;
  private final KeyPair pair;

  private FileFigures(KeyCustodian custodian, KeyPair pair) {
    this.custodian = custodian;
    this.pair = pair;
  }

  static Figures open(Path home) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(KeyAlgorithm.EC_P256.generation());
    return new FileFigures(QuickFileKeys.open(home.resolve("keys")), generator.generateKeyPair());
  }

  @Override
  public String name() {
    return "file";
  }

  @Override
  public KeyCustodian custodian() {
    return custodian;
  }

  @Override
  public List<Reference> references() {
    KeyHandle.Signer signer = BareCrypto.signer(pair.getPrivate());
    KeyHandle.Signer verified = BareCrypto.verified(signer, pair.getPublic());
    return List.of(
        new Reference("JCA sign", _ -> signer), new Reference("JCA sign + verify", _ -> verified));
  }

  @Override
  public void close() {
    custodian.close();
  }
}
