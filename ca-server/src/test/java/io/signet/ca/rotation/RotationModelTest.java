package io.signet.ca.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import io.signet.ca.rotation.PlayedMesh.Flaw;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever comes in whatever order, nobody is left with a certificate that somebody else's bundle
 * does not trust, unless a person has forced it.
 */
final class RotationModelTest {

  private static final int EVENTS = 600;

  @ParameterizedTest
  @ValueSource(ints = {0, 500, 1000, 1500})
  void anyOrderOfEvents_everybodyTrustsEverybody(int first) throws Exception {
    int rotations = 0;
    for (int seed = first; seed < first + 500; seed++) {
      PlayedMesh mesh = new PlayedMesh(new Random(seed), Flaw.NONE);
      for (int event = 0; event < EVENTS; event++) {
        mesh.happens();
        assertThat(mesh.distrust()).as("seed %d, event %d: %s", seed, event, mesh).isEmpty();
      }
      rotations += mesh.rotations();
    }
    assertThat(rotations).isGreaterThan(100); // or nothing was tried
  }

  // What the model is worth: it finds what each of these would break.
  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void serversHaveAFlaw_somebodyIsLeftBehind(Flaw flaw) throws Exception {
    boolean found = false;
    for (int seed = 0; seed < 2000 && !found; seed++) {
      PlayedMesh mesh = new PlayedMesh(new Random(seed), flaw);
      for (int event = 0; event < EVENTS && !found; event++) {
        mesh.happens();
        found = mesh.distrust().isPresent();
      }
    }
    assertThat(found).isTrue();
  }
}
