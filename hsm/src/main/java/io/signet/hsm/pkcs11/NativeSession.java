package io.signet.hsm.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import io.signet.hsm.pkcs11.Pkcs11Module.Function;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A session with a token beside those of SunPKCS11. The login belongs to the application, so it is
 * theirs as well, and it lasts while this session is open: a token forgets it with the last session
 * (P11-6). Never logs out.
 *
 * <p>Safe for use by many threads, one call at a time.
 */
final class NativeSession implements AutoCloseable {

  private static final long CKF_RW_SESSION = 2;
  private static final long CKF_SERIAL_SESSION = 4;
  private static final long CKU_USER = 1;

  // CK_SESSION_INFO: slot, state, flags, the device's error.
  private static final long SESSION_INFO_SIZE = 32;
  private static final long SESSION_STATE = 8;
  private static final long CKS_RW_USER_FUNCTIONS = 3;

  private static final long ATTRIBUTE_SIZE = 24;
  private static final long ATTRIBUTE_VALUE = 8;
  private static final long ATTRIBUTE_LENGTH = 16;
  private static final int MOST_BYTES_OF_A_CHAR = 3;
  private static final int OBJECTS_AT_ONCE = 64;

  private final Pkcs11Module module;
  private final String where;
  private final long session;

  private NativeSession(Pkcs11Module module, String where, long session) {
    this.module = module;
    this.where = where;
    this.session = session;
  }

  /** Opens a session with the token in this slot; failures say that they happened there. */
  static NativeSession open(Pkcs11Module module, String where, long slot) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment session = arena.allocate(JAVA_LONG);
      long flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
      MemorySegment none = MemorySegment.NULL;
      must(module, where, Function.OPEN_SESSION, slot, flags, none, none, session);
      return new NativeSession(module, where, session.get(JAVA_LONG, 0));
    }
  }

  /**
   * Logs in, in one attempt (P11-8). Whoever is logged in already stays so without a look at the
   * PIN (P11-7).
   *
   * @throws CustodyException {@link Fault#DENIED} also for a PIN that is no Unicode text, which the
   *     token is not asked about
   */
  synchronized void login(char[] pin) throws CustodyException {
    byte[] text = new byte[pin.length * MOST_BYTES_OF_A_CHAR];
    try {
      login(text, encode(pin, text));
    } finally {
      Arrays.fill(text, (byte) 0);
    }
  }

  // Without a String or a buffer of the encoder's own, which nobody could wipe.
  private int encode(char[] pin, byte[] text) throws CustodyException {
    ByteBuffer into = ByteBuffer.wrap(text);
    CoderResult result = UTF_8.newEncoder().encode(CharBuffer.wrap(pin), into, true);
    if (result.isError()) {
      throw new CustodyException(Fault.DENIED, where + ": the PIN is no Unicode text; check it");
    }
    return into.position();
  }

  private void login(byte[] text, int length) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment passed = arena.allocate(Math.max(1, length));
      try {
        MemorySegment.copy(text, 0, passed, JAVA_BYTE, 0, length);
        long returned = module.call(Function.LOGIN, session, CKU_USER, passed, (long) length);
        if (!Ckr.OK.is(returned) && !Ckr.USER_ALREADY_LOGGED_IN.is(returned)) {
          throw Ckr.failure(where, Function.LOGIN.symbol(), returned);
        }
      } finally {
        passed.fill((byte) 0);
      }
    }
  }

  /**
   * For whoever does not find a key: to those who are not logged in a token shows none, as if there
   * were none. Not before each use, for some devices take a second for the answer (P11-17).
   *
   * @throws CustodyException {@link Fault#LOST} when somebody has logged out (P11-6)
   */
  synchronized void requireLogin() throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(SESSION_INFO_SIZE, JAVA_LONG.byteAlignment());
      must(Function.GET_SESSION_INFO, session, info);
      if (info.get(JAVA_LONG, SESSION_STATE) != CKS_RW_USER_FUNCTIONS) {
        throw Ckr.USER_NOT_LOGGED_IN.failure(where, "a key is not seen");
      }
    }
  }

  /** The objects that have all of these attributes. */
  synchronized List<Long> find(Attribute... wanted) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment template = template(arena, wanted);
      must(Function.FIND_OBJECTS_INIT, session, template, (long) wanted.length);
      try {
        return found(arena);
      } finally {
        // What failed before is what counts, and after a success there is nothing to lose.
        long _ = module.call(Function.FIND_OBJECTS_FINAL, session);
      }
    }
  }

  private List<Long> found(Arena arena) throws CustodyException {
    MemorySegment objects = arena.allocate(JAVA_LONG, OBJECTS_AT_ONCE);
    MemorySegment count = arena.allocate(JAVA_LONG);
    List<Long> found = new ArrayList<>();
    do {
      must(Function.FIND_OBJECTS, session, objects, (long) OBJECTS_AT_ONCE, count);
      for (long i = 0; i < count.get(JAVA_LONG, 0); i++) {
        found.add(objects.getAtIndex(JAVA_LONG, i));
      }
    } while (count.get(JAVA_LONG, 0) > 0);
    return found;
  }

  private static MemorySegment template(Arena arena, Attribute... attributes) {
    long size = Math.max(1, attributes.length * ATTRIBUTE_SIZE);
    MemorySegment template = arena.allocate(size, JAVA_LONG.byteAlignment());
    for (int i = 0; i < attributes.length; i++) {
      long at = i * ATTRIBUTE_SIZE;
      byte[] value = attributes[i].value();
      template.set(JAVA_LONG, at, attributes[i].type());
      template.set(ADDRESS, at + ATTRIBUTE_VALUE, arena.allocateFrom(JAVA_BYTE, value));
      template.set(JAVA_LONG, at + ATTRIBUTE_LENGTH, value.length);
    }
    return template;
  }

  /** Makes an object and answers which it is. */
  synchronized long create(Attribute... attributes) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment object = arena.allocate(JAVA_LONG);
      MemorySegment template = template(arena, attributes);
      must(Function.CREATE_OBJECT, session, template, (long) attributes.length, object);
      return object.get(JAVA_LONG, 0);
    }
  }

  synchronized void set(long object, Attribute attribute) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      must(Function.SET_ATTRIBUTE_VALUE, session, object, template(arena, attribute), 1L);
    }
  }

  boolean flag(long object, long type) throws CustodyException {
    return attribute(object, type).filter(value -> value.length == 1 && value[0] != 0).isPresent();
  }

  /**
   * The value of an attribute; empty when the object has none, or is not there any more.
   *
   * @throws CustodyException {@link Fault#DENIED} for a sensitive one
   */
  synchronized Optional<byte[]> attribute(long object, long type) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment asked = arena.allocate(ATTRIBUTE_SIZE, JAVA_LONG.byteAlignment());
      asked.set(JAVA_LONG, 0, type);
      if (!answers(object, asked)) {
        return Optional.empty();
      }
      MemorySegment value = arena.allocate(Math.max(1, asked.get(JAVA_LONG, ATTRIBUTE_LENGTH)));
      asked.set(ADDRESS, ATTRIBUTE_VALUE, value);
      return answers(object, asked)
          ? Optional.of(value.asSlice(0, asked.get(JAVA_LONG, ATTRIBUTE_LENGTH)).toArray(JAVA_BYTE))
          : Optional.empty();
    }
  }

  private boolean answers(long object, MemorySegment asked) throws CustodyException {
    long returned = module.call(Function.GET_ATTRIBUTE_VALUE, session, object, asked, 1L);
    if (Ckr.ATTRIBUTE_TYPE_INVALID.is(returned) || Ckr.OBJECT_HANDLE_INVALID.is(returned)) {
      return false;
    }
    if (!Ckr.OK.is(returned)) {
      throw Ckr.failure(where, Function.GET_ATTRIBUTE_VALUE.symbol(), returned);
    }
    return true;
  }

  synchronized void destroy(long object) throws CustodyException {
    must(Function.DESTROY_OBJECT, session, object);
  }

  private void must(Function function, Object... arguments) throws CustodyException {
    must(module, where, function, arguments);
  }

  private static void must(
      Pkcs11Module module, String where, Function function, Object... arguments)
      throws CustodyException {
    long returned = module.call(function, arguments);
    if (!Ckr.OK.is(returned)) {
      throw Ckr.failure(where, function.symbol(), returned);
    }
  }

  /** Whatever the library answers: a session that is gone is closed. */
  @Override
  public synchronized void close() {
    long _ = module.call(Function.CLOSE_SESSION, session);
  }
}
