package io.signet.hsm;

import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;

/** A custodian to be measured, with its device; a connection of its own. */
public interface Figures extends AutoCloseable {

  /**
   * The same device without our code.
   *
   * @param name what it does
   * @param callers how each of the callers signs, by its number from 0; used by one thread at once
   */
  record Reference(String name, IntFunction<KeyHandle.Signer> callers) {}

  /** Opens one with all its files in this folder. */
  @FunctionalInterface
  interface Opening {
    Figures open(Path home) throws Exception;
  }

  /** Whose figures they are. */
  String name();

  /** What signatures are counted of. */
  KeyCustodian custodian();

  /** What they are compared with, the barest first. */
  List<Reference> references();

  @Override
  void close() throws Exception;
}
