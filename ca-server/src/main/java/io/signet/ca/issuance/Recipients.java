package io.signet.ca.issuance;

import io.signet.attestation.Proof;
import io.signet.attestation.Proof.HeldSvid;
import io.signet.ca.ledger.HolderKey;
import io.signet.ca.ledger.Receiver;
import io.signet.ca.ledger.Recipient;
import io.signet.spiffe.SerialNumber;
import io.signet.spiffe.SpiffeId;
import java.util.Optional;

/** Who certificates are for, as rotations count them. */
final class Recipients {

  private Recipients() {}

  /**
   * Whoever asked and gets an answer.
   *
   * @param id in the certificate
   * @param bundle the sequence of the bundle that the answer has at least
   */
  static Recipient client(Proof proof, SpiffeId id, long bundle) {
    return (serial, generation) ->
        new Receiver(Optional.of(key(proof, id, serial)), renewed(proof, id), bundle, generation);
  }

  // Who shows a certificate is known by the first one of the chain of renewals, if the ledger
  // knows it; else by the one that is shown.
  private static HolderKey key(Proof proof, SpiffeId id, SerialNumber serial) {
    if (proof instanceof HeldSvid shown) {
      return HolderKey.single(id, shown.serial());
    }
    return proof.instance().isEmpty()
        ? HolderKey.single(id, serial)
        : new HolderKey(id, proof.instance());
  }

  // A certificate of another identity stays beside the one that was shown for it.
  private static Optional<SerialNumber> renewed(Proof proof, SpiffeId id) {
    return proof instanceof HeldSvid shown && shown.id().equals(id)
        ? Optional.of(shown.serial())
        : Optional.empty();
  }

  /** Whoever gets it on streams; nobody where that is ourselves. */
  static Recipient subscriber(Optional<HolderKey> holder) {
    return (_, generation) -> new Receiver(holder, Optional.empty(), 0, generation);
  }
}
