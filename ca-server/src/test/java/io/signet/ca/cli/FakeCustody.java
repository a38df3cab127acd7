package io.signet.ca.cli;

import io.signet.ca.config.KeysConfig.Custodian;
import io.signet.ca.config.KeysConfig.FileCustodian;
import io.signet.ca.config.KeysConfig.FileEncryption;
import io.signet.hsm.CustodyException;
import io.signet.hsm.FakeKeyCustodian;
import io.signet.hsm.KeyCustodian;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens a custodian in memory, and remembers what it was asked for. */
final class FakeCustody implements Custody {

  final FakeKeyCustodian custodian = new FakeKeyCustodian();
  final List<String> asked = new ArrayList<>();
  @Nullable CustodyException failure;

  @Override
  public KeyCustodian open(Custodian which) throws CustodyException {
    asked.add("open");
    failIfTold();
    return custodian;
  }

  @Override
  public void changeEncryption(FileCustodian files, FileEncryption next) throws CustodyException {
    asked.add("change %s to %s".formatted(files.path(), next));
    failIfTold();
  }

  private void failIfTold() throws CustodyException {
    if (failure != null) {
      throw failure;
    }
  }
}
