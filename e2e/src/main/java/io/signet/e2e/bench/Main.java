package io.signet.e2e.bench;

/** Where {@code signet bench} begins. */
public final class Main {

  private Main() {}

  /** Runs one benchmark and exits: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] args) {
    System.exit(BenchCommand.run(args));
  }
}
