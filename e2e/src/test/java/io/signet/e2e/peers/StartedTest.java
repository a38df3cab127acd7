package io.signet.e2e.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StartedTest {
  private final List<String> ended = new ArrayList<>();

  @Test
  void close_severalStarted_endedInReverseEvenIfOneFails() {
    assertThatThrownBy(
            () -> {
              try (var started = new Started()) {
                started.add(() -> ended.add("first"));
                started.add(() -> {
                  throw new IOException("second");
                });
                started.add(() -> ended.add("third"));
              }
            })
        .isInstanceOf(IOException.class);
    assertThat(ended).containsExactly("third", "first");
  }

  @Test
  void close_kept_nothingEnded() throws IOException {
    try (var started = new Started()) {
      started.add(() -> ended.add("first"));
      started.keep();
    }
    assertThat(ended).isEmpty();
  }
}
