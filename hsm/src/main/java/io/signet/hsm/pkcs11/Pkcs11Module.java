package io.signet.hsm.pkcs11;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A PKCS#11 library, for what SunPKCS11 does not do: finding tokens by label, and reading and
 * setting the attributes of a key (P11-11, P11-12, P11-18). Layouts are those of 64-bit Unix, where
 * {@code CK_ULONG} has eight bytes and structures are aligned naturally.
 *
 * <p>The library stays loaded and initialised until the process ends: finalizing it would break
 * everybody else who uses it in this process (P11-5). Safe for use by many threads.
 */
final class Pkcs11Module {

  /** A token that is in a slot and initialised. */
  record Token(long slot, String label, String serial) {}

  /**
   * What the slots hold.
   *
   * @param silent the slots whose token does not answer, each with the reason
   */
  record Slots(List<Token> tokens, List<String> silent) {}

  /** The functions that Signet calls itself, by their place in {@code CK_FUNCTION_LIST}. */
  @SuppressWarnings("ImmutableEnumChecker") // a FunctionDescriptor is immutable, just not marked so
  enum Function {
    INITIALIZE("C_Initialize", 0, ADDRESS),
    GET_SLOT_LIST("C_GetSlotList", 4, JAVA_BYTE, ADDRESS, ADDRESS),
    GET_TOKEN_INFO("C_GetTokenInfo", 6, JAVA_LONG, ADDRESS),
    OPEN_SESSION("C_OpenSession", 12, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS),
    CLOSE_SESSION("C_CloseSession", 13, JAVA_LONG),
    GET_SESSION_INFO("C_GetSessionInfo", 15, JAVA_LONG, ADDRESS),
    LOGIN("C_Login", 18, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG),
    CREATE_OBJECT("C_CreateObject", 20, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS),
    DESTROY_OBJECT("C_DestroyObject", 22, JAVA_LONG, JAVA_LONG),
    GET_ATTRIBUTE_VALUE("C_GetAttributeValue", 24, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG),
    SET_ATTRIBUTE_VALUE("C_SetAttributeValue", 25, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG),
    FIND_OBJECTS_INIT("C_FindObjectsInit", 26, JAVA_LONG, ADDRESS, JAVA_LONG),
    FIND_OBJECTS("C_FindObjects", 27, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS),
    FIND_OBJECTS_FINAL("C_FindObjectsFinal", 28, JAVA_LONG);

    private final String symbol;
    private final int place;
    private final FunctionDescriptor descriptor;

    Function(String symbol, int place, MemoryLayout... arguments) {
      this.symbol = symbol;
      this.place = place;
      this.descriptor = FunctionDescriptor.of(JAVA_LONG, arguments);
    }

    String symbol() {
      return symbol;
    }

    // CK_VERSION fills the first eight bytes together with its padding.
    private long offset() {
      return ADDRESS.byteSize() * (1 + place);
    }
  }

  // CK_C_INITIALIZE_ARGS: four callbacks, the flags, a reserved pointer.
  private static final long INITIALIZE_ARGS_SIZE = 48;
  private static final long INITIALIZE_ARGS_FLAGS = 32;
  private static final long CKF_OS_LOCKING_OK = 2;

  // CK_TOKEN_INFO: label[32] manufacturer[32] model[16] serial[16] flags, then counters.
  private static final long TOKEN_INFO_SIZE = 208;
  private static final int LABEL_OFFSET = 0;
  private static final int LABEL_SIZE = 32;
  private static final int SERIAL_OFFSET = 80;
  private static final int SERIAL_SIZE = 16;
  private static final long FLAGS_OFFSET = 96;
  private static final long CKF_TOKEN_INITIALIZED = 0x400;

  private static final byte TOKEN_PRESENT = 1;

  private final Path library;
  private final Map<Function, MethodHandle> functions;

  /** These functions as a library; {@link #load} takes them from a file. */
  Pkcs11Module(Path library, Map<Function, MethodHandle> functions) {
    this.library = library;
    this.functions = functions;
  }

  /**
   * Loads and initialises the library; one that is initialised already is fine.
   *
   * @throws CustodyException {@link Fault#FATAL} when it cannot be loaded
   */
  static Pkcs11Module load(Path library) throws CustodyException {
    if (!Files.isReadable(library)) {
      throw new CustodyException(
          Fault.FATAL,
          "PKCS#11 library "
              + library
              + (Files.exists(library) ? " cannot be read" : " does not exist")
              + "; check its path and the permissions on it");
    }
    Pkcs11Module module = new Pkcs11Module(library, functionsOf(library));
    module.initialize();
    return module;
  }

  private static Map<Function, MethodHandle> functionsOf(Path library) throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment getFunctionList =
          SymbolLookup.libraryLookup(library, Arena.global())
              .find("C_GetFunctionList")
              .orElseThrow(() -> new IllegalArgumentException("it has no C_GetFunctionList"));
      MemorySegment list = arena.allocate(ADDRESS);
      long returned =
          call(handle(getFunctionList, FunctionDescriptor.of(JAVA_LONG, ADDRESS)), list);
      if (!Ckr.OK.is(returned)) {
        throw Ckr.failure(library.toString(), "C_GetFunctionList", returned);
      }
      return functionsIn(list.get(ADDRESS, 0));
    } catch (IllegalArgumentException e) {
      throw new CustodyException(
          Fault.FATAL,
          "PKCS#11 library %s cannot be loaded: %s; check that it is built for this machine and"
                  .formatted(library, e.getMessage())
              + " that what it depends on is installed",
          e);
    }
  }

  private static Map<Function, MethodHandle> functionsIn(MemorySegment unsized) {
    long size = ADDRESS.byteSize() + Function.FIND_OBJECTS_FINAL.offset();
    MemorySegment list = unsized.reinterpret(size);
    Map<Function, MethodHandle> functions = new EnumMap<>(Function.class);
    for (Function function : Function.values()) {
      functions.put(function, handle(list.get(ADDRESS, function.offset()), function.descriptor));
    }
    return functions;
  }

  private static MethodHandle handle(MemorySegment address, FunctionDescriptor descriptor) {
    return Linker.nativeLinker().downcallHandle(address, descriptor);
  }

  private void initialize() throws CustodyException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment arguments = arena.allocate(INITIALIZE_ARGS_SIZE, ADDRESS.byteAlignment());
      arguments.set(JAVA_LONG, INITIALIZE_ARGS_FLAGS, CKF_OS_LOCKING_OK);
      long returned = call(Function.INITIALIZE, arguments);
      if (!Ckr.OK.is(returned) && !Ckr.CRYPTOKI_ALREADY_INITIALIZED.is(returned)) {
        throw failure(Function.INITIALIZE, returned);
      }
    }
  }

  /** What is there now; one broken device hides no other. */
  Slots slots() throws CustodyException {
    List<Token> tokens = new ArrayList<>();
    List<String> silent = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (long slot : occupied(arena)) {
        MemorySegment info = arena.allocate(TOKEN_INFO_SIZE, JAVA_LONG.byteAlignment());
        long returned = call(Function.GET_TOKEN_INFO, slot, info);
        if (!Ckr.OK.is(returned)) {
          silent.add("slot " + slot + ": " + Ckr.name(returned));
        } else if ((info.get(JAVA_LONG, FLAGS_OFFSET) & CKF_TOKEN_INITIALIZED) != 0) {
          String label = padded(info, LABEL_OFFSET, LABEL_SIZE);
          tokens.add(new Token(slot, label, padded(info, SERIAL_OFFSET, SERIAL_SIZE)));
        }
      }
    }
    return new Slots(tokens, silent);
  }

  private long[] occupied(Arena arena) throws CustodyException {
    MemorySegment count = arena.allocate(JAVA_LONG);
    must(Function.GET_SLOT_LIST, TOKEN_PRESENT, MemorySegment.NULL, count);
    MemorySegment slots = arena.allocate(JAVA_LONG, count.get(JAVA_LONG, 0));
    must(Function.GET_SLOT_LIST, TOKEN_PRESENT, slots, count);
    return slots.asSlice(0, count.get(JAVA_LONG, 0) * JAVA_LONG.byteSize()).toArray(JAVA_LONG);
  }

  // Text in PKCS#11 is padded with blanks and not ended with a zero.
  private static String padded(MemorySegment info, long offset, long size) {
    return new String(info.asSlice(offset, size).toArray(JAVA_BYTE), UTF_8).stripTrailing();
  }

  private void must(Function function, Object... arguments) throws CustodyException {
    long returned = call(function, arguments);
    if (!Ckr.OK.is(returned)) {
      throw failure(function, returned);
    }
  }

  private CustodyException failure(Function function, long returned) {
    return Ckr.failure("PKCS#11 library " + library, function.symbol, returned);
  }

  /** Calls the function and returns its code. */
  long call(Function function, Object... arguments) {
    MethodHandle handle = functions.get(function);
    if (handle == null) {
      throw new IllegalStateException(function.symbol);
    }
    return call(handle, arguments);
  }

  private static long call(MethodHandle handle, Object... arguments) {
    try {
      return (long) handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("a native call does not throw", e);
    }
  }
}
