package io.signet.hsm.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.signet.hsm.BareCrypto;
import io.signet.hsm.CustodyException;
import io.signet.hsm.KeyHandle;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A session that signs by the C functions and nothing else, with the one key of its token. For one
 * thread at once. Whoever opens it is logged in.
 */
final class RawSession implements KeyHandle.Signer, AutoCloseable {

  private static final long CKF_SERIAL_SESSION = 4;
  private static final long CKM_ECDSA = 0x1041;
  private static final int SIGNATURE_BYTES = 64;

  private static final MethodHandle OPEN =
      exported("C_OpenSession", JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle SIGN_INIT =
      exported("C_SignInit", JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final MethodHandle SIGN =
      exported("C_Sign", JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
  private static final MethodHandle CLOSE = exported("C_CloseSession", JAVA_LONG);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment mechanism = arena.allocate(3 * JAVA_LONG.byteSize(), 8);
  private final MemorySegment digest = arena.allocate(32);
  private final MemorySegment signature = arena.allocate(SIGNATURE_BYTES);
  private final MemorySegment length = arena.allocate(JAVA_LONG);
  private final long session;
  private final long key;

  private RawSession(long slot, long key) {
    mechanism.set(JAVA_LONG, 0, CKM_ECDSA);
    this.session = opened(slot);
    this.key = key;
  }

  static RawSession open(String token) throws CustodyException {
    try (NativeSession look = SoftHsm.session(token)) {
      long key = look.find(Attribute.privateKey(), Attribute.onToken()).getFirst();
      return new RawSession(SoftHsm.slot(token), key);
    }
  }

  private long opened(long slot) {
    MemorySegment none = MemorySegment.NULL;
    try {
      must((long) OPEN.invokeExact(slot, CKF_SERIAL_SESSION, none, none, length));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    return length.get(JAVA_LONG, 0);
  }

  @Override
  public byte[] sign(byte[] message) {
    MemorySegment.copy(BareCrypto.sha256(message), 0, digest, JAVA_BYTE, 0, 32);
    length.set(JAVA_LONG, 0, SIGNATURE_BYTES);
    try {
      must((long) SIGN_INIT.invokeExact(session, mechanism, key));
      must((long) SIGN.invokeExact(session, digest, 32L, signature, length));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    return signature.toArray(JAVA_BYTE);
  }

  private static void must(long returned) {
    if (!Ckr.OK.is(returned)) {
      throw new IllegalStateException("CKR 0x" + Long.toHexString(returned));
    }
  }

  private static MethodHandle exported(String function, MemoryLayout... arguments) {
    var library = SymbolLookup.libraryLookup(SoftHsm.library(), Arena.global());
    return Linker.nativeLinker()
        .downcallHandle(
            library.find(function).orElseThrow(), FunctionDescriptor.of(JAVA_LONG, arguments));
  }

  @Override
  public void close() {
    try {
      must((long) CLOSE.invokeExact(session));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    arena.close();
  }
}
