package io.signet.sds;

import java.util.Map;
import java.util.Optional;

/**
 * What a stream is subscribed to, by one snapshot.
 *
 * @param bundle the sequence of the own trust domain's bundle in that snapshot; 0 when the stream
 *     has not been fed yet
 * @param names the newest secret of each name; none where there is no secret
 */
public record Wants(long bundle, Map<String, Optional<Wanted>> names) {

  /** Of a stream that has said nothing yet. */
  public static final Wants NOTHING = new Wants(0, Map.of());

  public Wants {
    names = Map.copyOf(names);
  }

  /**
   * The newest secret of a name.
   *
   * @param version of its content
   * @param mark which place it has in a rotation
   */
  public record Wanted(String version, Mark mark) {}

  /**
   * The place of a secret in a rotation. It is no part of the version: with the next bundle a
   * secret may be of a later sequence and have the same content.
   *
   * @param value of a bundle the sequence, of an SVID the generation of the root above it
   */
  public record Mark(Kind kind, long value) {

    /** Of what a rotation does not wait for, such as the bundle of another trust domain. */
    public static final Mark NONE = new Mark(Kind.OTHER, 0);

    /** Of the own trust domain's bundle. */
    public static Mark bundle(long sequence) {
      return new Mark(Kind.BUNDLE, sequence);
    }

    /** Of an SVID under the root of this generation. */
    public static Mark svid(int generation) {
      return new Mark(Kind.SVID, generation);
    }
  }

  /** What a rotation waits for. */
  public enum Kind {
    /** The own trust domain's authorities are in it. */
    BUNDLE,
    /** An SVID of ours. */
    SVID,
    /** Anything else. */
    OTHER
  }
}
