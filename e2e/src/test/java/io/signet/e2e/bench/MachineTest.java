package io.signet.e2e.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MachineTest {

  @Test
  void processor_manyCores_theFirstName() {
    assertThat(Machine.processor("processor\t: 0\nmodel name\t: A: B\nmodel name\t: C\n"))
        .isEqualTo("A: B");
  }

  @Test
  void processor_noName_unknown() {
    assertThat(Machine.processor("processor\t: 0\n")).isEqualTo("unknown");
  }
}
