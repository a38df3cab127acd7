package io.signet.ca.cli;

import io.signet.ca.config.CeremonyConfig;
import io.signet.ca.config.SignetConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Predicate;

/**
 * What an administrator does with a CA while no server runs on it; the wiring opens what it needs.
 * Each call fails with a {@link CommandException} that says what is wrong and what was expected,
 * and has then changed nothing that counts.
 */
public interface CaOffice {

  /** What is in force after an import: the CA, those above it, and whom to trust. */
  record Imported(List<X509Certificate> chain, List<X509Certificate> roots) {}

  /** Asks for a certificate of the CA's key, made if there is none: PKCS#10, PEM. */
  String request(SignetConfig config) throws CommandException, IOException;

  /** Takes the certificate that was signed for the request. */
  Imported accept(SignetConfig config, List<X509Certificate> given, List<X509Certificate> roots)
      throws CommandException, IOException;

  /**
   * Takes over the CA of an Istio, with its key.
   *
   * @param istio a folder with the files of a secret, or the secret itself as YAML or JSON
   */
  Imported takeOver(SignetConfig config, Path istio) throws CommandException, IOException;

  /**
   * Makes an offline root.
   *
   * @param agreed whether those who hold the ceremony agree to what they are shown
   */
  X509Certificate makeRoot(CeremonyConfig config, Predicate<String> agreed)
      throws CommandException, IOException;

  /** Signs a CA below an offline root. */
  X509Certificate sign(CeremonyConfig config, Predicate<String> agreed)
      throws CommandException, IOException;
}
