package io.signet.sds;

import java.util.List;
import java.util.Optional;

/**
 * A state-of-the-world request. It carries a version too, which is left out here on purpose: with
 * versions by name it says nothing that the nonce does not (SDS-11).
 *
 * @param names the whole subscription, in any order; repeated names count once
 * @param nonce of the response that this answers, or empty
 * @param error why that response was refused; present in a NACK only
 */
public record Request(List<String> names, String nonce, Optional<String> error) {
  public Request {
    names = List.copyOf(names);
  }
}
