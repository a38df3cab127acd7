package io.signet.hsm.pkcs11;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.signet.hsm.pkcs11.Pkcs11Module.Function;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A library whose functions are written here. */
final class Pkcs11ModuleTest {

  private static final Path LIBRARY = Path.of("/lib/p11.so");
  private static final long DEVICE_ERROR = 0x30;
  private static final long GOOD_SLOT = 4;
  private static final long BROKEN_SLOT = 3;
  private static final long INITIALIZED = 0x400;

  private final Pkcs11Module module;

  Pkcs11ModuleTest() throws ReflectiveOperationException {
    module =
        new Pkcs11Module(
            LIBRARY,
            Map.of(
                Function.GET_SLOT_LIST,
                function("slotList", byte.class, MemorySegment.class, MemorySegment.class),
                Function.GET_TOKEN_INFO,
                function("tokenInfo", long.class, MemorySegment.class)));
  }

  private static MethodHandle function(String name, Class<?>... arguments)
      throws ReflectiveOperationException {
    return MethodHandles.lookup()
        .findStatic(Pkcs11ModuleTest.class, name, MethodType.methodType(long.class, arguments));
  }

  @SuppressWarnings({"UnusedMethod", "UnusedVariable"}) // called as C_GetSlotList
  private static long slotList(byte present, MemorySegment slots, MemorySegment count) {
    count.set(JAVA_LONG, 0, 2);
    if (!slots.equals(MemorySegment.NULL)) {
      slots.setAtIndex(JAVA_LONG, 0, BROKEN_SLOT);
      slots.setAtIndex(JAVA_LONG, 1, GOOD_SLOT);
    }
    return 0;
  }

  @SuppressWarnings("UnusedMethod") // called as C_GetTokenInfo
  private static long tokenInfo(long slot, MemorySegment info) {
    if (slot == BROKEN_SLOT) {
      return DEVICE_ERROR;
    }
    info.fill((byte) ' ');
    info.copyFrom(MemorySegment.ofArray("signet".getBytes(UTF_8)));
    info.set(JAVA_LONG, 96, INITIALIZED);
    return 0;
  }

  // Somebody else's broken reader is no reason not to start.
  @Test
  void choose_otherSlotDoesNotAnswer_ourToken() throws Exception {
    Pkcs11Module.Token token = TokenSession.choose(Pkcs11Settings.of(LIBRARY, "signet"), module);

    assertThat(token.slot()).isEqualTo(GOOD_SLOT);
  }

  // P11-22: it may be the one that is missed.
  @Test
  void choose_tokenIsNotThere_namesTheSlotThatDoesNotAnswer() {
    assertThatThrownBy(() -> TokenSession.choose(Pkcs11Settings.of(LIBRARY, "other"), module))
        .hasMessageContaining("tokens that are: [signet]")
        .hasMessageContaining("do not answer: [slot 3: CKR_DEVICE_ERROR]");
  }
}
