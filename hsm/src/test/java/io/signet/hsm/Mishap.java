package io.signet.hsm;

import java.util.Optional;

/**
 * Something that goes wrong with a device, as often as one likes.
 *
 * @param device whose it is
 * @param name what goes wrong
 * @param key the key that signs through it, each time anew
 * @param happens returns when it has happened
 * @param ends returns when the device can be used again; absent when it could all the time
 * @param heals leaves everything as it was before
 */
public record Mishap(
    String device, String name, Opening key, Step happens, Optional<Step> ends, Step heals) {

  /** A key that can sign. */
  @FunctionalInterface
  public interface Opening {
    KeyHandle open() throws Exception;
  }

  /** Something to do. */
  @FunctionalInterface
  public interface Step {
    Step NOTHING = () -> {};

    void run() throws Exception;
  }

  /** The device itself can be used all the time. */
  public static Mishap passing(String device, String name, KeyHandle key, Step happens) {
    return new Mishap(device, name, () -> key, happens, Optional.empty(), Step.NOTHING);
  }

  /** The device cannot be used until an end is made of it. */
  public static Mishap outage(String device, String name, KeyHandle key, Step happens, Step ends) {
    return new Mishap(device, name, () -> key, happens, Optional.of(ends), Step.NOTHING);
  }

  public Mishap healedBy(Step step) {
    return new Mishap(device, name, key, happens, ends, step);
  }
}
