package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.spiffe.Pem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FleetTallyTest {

  @Test
  void readyNanos_shareOfAllExpected_whenThatManyWere() {
    FleetTally tally = new FleetTally(4);
    tally.ready(10);
    tally.ready(20);
    tally.ready(30);

    assertThat(tally.readyNanos(0.5)).hasValue(20);
    assertThat(tally.readyNanos(0.51)).hasValue(30);
    assertThat(tally.readyNanos(0.75)).hasValue(30);
    assertThat(tally.readyNanos(1)).isEmpty();
  }

  @Test
  void differentSvids_twoProxiesWithTheSame_one() {
    FleetTally tally = new FleetTally(2);
    tally.gotSvid("v1", 1, 100);
    tally.gotSvid("v1", 1, 100);

    assertThat(tally.differentSvids()).isEqualTo(1);
    assertThat(tally.svids().succeeded()).isEqualTo(2);
  }

  @Test
  void countAnew_pushesBeforeAndAfter_onlyThoseAfter() {
    FleetTally tally = new FleetTally(1);
    tally.pushes().pushed(ProxyStream.SVID, true, 1);
    PushCount anew = tally.countAnew();
    tally.pushes().pushed(ProxyStream.BUNDLE, false, 5);
    tally.pushes().pushed(ProxyStream.BUNDLE, true, 4);
    tally.pushes().acknowledged(2, 9);

    assertThat(anew.pushes(ProxyStream.SVID)).isZero();
    assertThat(anew.pushes(ProxyStream.BUNDLE)).isEqualTo(2);
    assertThat(anew.unchanged()).isEqualTo(1);
    assertThat(anew.acks()).isEqualTo(2);
    assertThat(anew.firstPushNanos()).isEqualTo(4);
    assertThat(anew.lastAckNanos()).isEqualTo(9);
  }

  @Test
  void svidsInBusiestSecond_threeInTwoSeconds_two() {
    PushCount count = new PushCount();
    count.pushed(ProxyStream.SVID, true, TimeUnit.MILLISECONDS.toNanos(1_900));
    count.pushed(ProxyStream.SVID, true, TimeUnit.MILLISECONDS.toNanos(2_000));
    count.pushed(ProxyStream.SVID, true, TimeUnit.MILLISECONDS.toNanos(2_900));

    assertThat(count.svidsInBusiestSecond()).isEqualTo(2);
  }

  @Test
  void addRoot_aForeignBundle_allBeforeAndOneMore(@TempDir Path folder) throws Exception {
    ForeignBundle bundle = ForeignBundle.create(folder.resolve("other.pem"));
    String before = Files.readString(bundle.file());
    bundle.addRoot();

    assertThat(Files.readString(bundle.file())).startsWith(before.strip());
    assertThat(Pem.certificates(Files.readString(bundle.file())))
        .hasSize(2)
        .doesNotHaveDuplicates()
        .allSatisfy(root -> root.verify(root.getPublicKey()));
  }

  @Test
  void require_moreConnectionsThanFiles_saysWhatToDo() throws Exception {
    String limits = "Max open files            1024                 4096                 files\n";

    OpenFiles.require(700, limits);
    OpenFiles.require(1_000_000, limits.replaceFirst("1024", "unlimited"));
    assertThatThrownBy(() -> OpenFiles.require(1_000, limits))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("--subscribers 1000")
        .hasMessageContaining("ulimit");
  }
}
