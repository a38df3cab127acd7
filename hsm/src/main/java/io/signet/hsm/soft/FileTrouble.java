package io.signet.hsm.soft;

import io.signet.hsm.CustodyException;
import io.signet.hsm.Fault;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;

/** What went wrong with a file, in the words of a person and not of the JDK. */
final class FileTrouble {

  private FileTrouble() {}

  /**
   * {@code what: reason}; a lack of permission is {@link Fault#DENIED}, all else the other fault.
   */
  static CustodyException failure(String what, IOException thrown, Fault otherwise) {
    Fault fault = thrown instanceof AccessDeniedException ? Fault.DENIED : otherwise;
    return new CustodyException(fault, what + ": " + reason(thrown), thrown);
  }

  private static String reason(IOException thrown) {
    return switch (thrown) {
      case AccessDeniedException _ -> "access denied";
      case NoSuchFileException _ -> "does not exist";
      case FileAlreadyExistsException _ -> "is not a folder";
      case NotDirectoryException _ -> "is not a folder";
      // Its message repeats the name of the file.
      case FileSystemException e -> Optional.ofNullable(e.getReason()).orElse("cannot be used");
      default -> Optional.ofNullable(thrown.getMessage()).orElse("cannot be used");
    };
  }
}
