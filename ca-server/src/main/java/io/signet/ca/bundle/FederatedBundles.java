package io.signet.ca.bundle;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signet.spiffe.TrustBundle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bundles of other trust domains, as their files are now. What is bad in a file is logged once,
 * and the last good content counts until there is a better one. Safe for use by many threads.
 */
public final class FederatedBundles {

  private static final Logger LOG = LoggerFactory.getLogger(FederatedBundles.class);

  // A hundred authorities are a tenth of it.
  private static final int LARGEST = 1024 * 1024;

  private final Map<BundleFile, Kept> kept = new LinkedHashMap<>();
  private final Consumer<List<TrustBundle>> onChange;
  private volatile List<TrustBundle> bundles;

  private FederatedBundles(List<BundleFile> files, Consumer<List<TrustBundle>> onChange)
      throws IOException {
    for (BundleFile file : files) {
      kept.put(file, first(file));
    }
    this.onChange = onChange;
    this.bundles = now();
  }

  /**
   * Reads all of them.
   *
   * @param onChange told all bundles when the content of one has changed since, by the thread that
   *     looks; if it throws, it is told again by the next look
   * @throws IOException if a file cannot be read or its content is no bundle; the message names the
   *     file and what was expected
   */
  public static FederatedBundles open(List<BundleFile> files, Consumer<List<TrustBundle>> onChange)
      throws IOException {
    return new FederatedBundles(files, onChange);
  }

  /** The last good ones, in the order of their files. */
  public List<TrustBundle> bundles() {
    return bundles;
  }

  /** Which files are bad now, and why; one text for each. */
  public synchronized List<String> problems() {
    return kept.entrySet().stream()
        .flatMap(each -> each.getValue().problem().map(why -> told(each.getKey(), why)).stream())
        .toList();
  }

  /** Looks at all files again. */
  public synchronized void look() {
    kept.replaceAll(FederatedBundles::next);
    List<TrustBundle> now = now();
    if (!now.equals(bundles)) {
      onChange.accept(now);
      bundles = now;
    }
  }

  private List<TrustBundle> now() {
    return kept.values().stream().map(Kept::bundle).toList();
  }

  private static Kept first(BundleFile file) throws IOException {
    try {
      return Kept.first(file.trustDomain(), found(file.file()));
    } catch (BundleException e) {
      throw new IOException(told(file, String.valueOf(e.getMessage())), e);
    }
  }

  private static Kept next(BundleFile file, Kept before) {
    Kept after = before.after(found(file.file()));
    if (!after.last().equals(before.last())) {
      log(file, before, after);
    }
    return after;
  }

  private static void log(BundleFile file, Kept before, Kept after) {
    Optional<String> problem = after.problem();
    if (problem.isPresent()) {
      LOG.error("{}; the last good content counts on", told(file, problem.get()));
    } else if (before.problem().isPresent() || !after.bundle().equals(before.bundle())) {
      LOG.info("the bundle of {} is now {}", file.trustDomain(), after.bundle());
    }
  }

  private static String told(BundleFile file, String why) {
    return "bundle of %s: %s: %s".formatted(file.trustDomain(), file.file(), why);
  }

  private static Found found(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(LARGEST + 1);
      return content.length > LARGEST
          ? new Found.Nothing("more than 1 MiB")
          : new Found.Text(new String(content, UTF_8));
    } catch (NoSuchFileException e) {
      return new Found.Nothing("no such file");
    } catch (AccessDeniedException e) {
      return new Found.Nothing("not readable");
    } catch (FileSystemException e) {
      return new Found.Nothing(e.getReason() == null ? e.toString() : e.getReason());
    } catch (IOException e) {
      return new Found.Nothing(String.valueOf(e.getMessage()));
    }
  }
}
