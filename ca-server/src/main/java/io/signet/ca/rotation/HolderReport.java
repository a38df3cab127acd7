package io.signet.ca.rotation;

import java.time.Instant;
import java.util.Optional;

/**
 * What a replica has seen of a holder on its streams.
 *
 * @param holder its key, as the ledger knows it
 * @param streams how many it has open, 0 when it is gone
 * @param bundle the version that all of its streams have acknowledged; 0 for none, absent when it
 *     never asked for a bundle
 * @param generation under which the certificate is that it has acknowledged; absent when it never
 *     asked for one
 * @param refusal what it answered when it refused, if it did so last
 * @param at since when that is so
 */
public record HolderReport(
    String holder,
    int streams,
    Optional<Long> bundle,
    Optional<Integer> generation,
    Optional<String> refusal,
    Instant at) {}
