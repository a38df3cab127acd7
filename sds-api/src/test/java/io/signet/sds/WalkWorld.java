package io.signet.sds;

import static io.signet.sds.Secrets.EXAMPLE;
import static io.signet.sds.Secrets.WEB;
import static io.signet.sds.Secrets.anchors;
import static io.signet.sds.Secrets.svid;

import io.signet.sds.Secret.TlsCertificate;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** What random streams may ask for, and what there may be. */
final class WalkWorld {
  static final List<TlsCertificate> SVIDS =
      IntStream.rangeClosed(1, 3).mapToObj(number -> svid(WEB, number)).toList();
  static final List<Trust> TRUSTS =
      IntStream.rangeClosed(1, 3).mapToObj(number -> Trust.of(anchors(EXAMPLE, number))).toList();

  private static final List<String> NAMES =
      List.of("default", "ROOTCA", WEB.toString(), EXAMPLE.id().toString(), "nobody");

  private WalkWorld() {}

  /** Names in any number and order, some twice; never none, which may be a wildcard. */
  static List<String> names(Random random) {
    int count = 1 + random.nextInt(NAMES.size());
    return IntStream.range(0, count)
        .mapToObj(_ -> NAMES.get(random.nextInt(NAMES.size())))
        .toList();
  }
}
