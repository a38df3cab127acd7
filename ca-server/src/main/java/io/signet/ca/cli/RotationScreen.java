package io.signet.ca.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Where somebody watches a rotation. For one thread. */
interface RotationScreen {

  /** So it stands now. */
  void show(RotationReport report);

  /** It cannot be said how it stands. */
  void unknown(String why);

  /** One line for each change, after the time. */
  static RotationScreen ofLines(PrintWriter out, PrintWriter err) {
    return new Changes(out, err, false);
  }

  /** One line of JSON for each change. */
  static RotationScreen ofJson(PrintWriter out, PrintWriter err) {
    return new Changes(out, err, true);
  }

  /** A few lines that are drawn anew in their place, by the codes of ANSI (ECMA-48). */
  static RotationScreen ofTerminal(PrintWriter out) {
    return new InPlace(out);
  }

  /** Says what is other than before. */
  final class Changes implements RotationScreen {
    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean json;
    private String last = "";

    private Changes(PrintWriter out, PrintWriter err, boolean json) {
      this.out = out;
      this.err = err;
      this.json = json;
    }

    @Override
    public void show(RotationReport report) {
      if (!report.line().equals(last)) {
        last = report.line();
        out.println(json ? report.json() : report.at() + "  " + last);
        out.flush();
      }
    }

    @Override
    public void unknown(String why) {
      if (!why.equals(last)) {
        last = why;
        err.println("signet: " + why);
        err.flush();
      }
    }
  }

  /** Draws over what it drew before. */
  final class InPlace implements RotationScreen {
    private static final String ESCAPE = "\u001b[";
    private static final String LINES_UP = "F";
    private static final String END_OF_LINE = ESCAPE + "K";
    private static final String END_OF_SCREEN = ESCAPE + "J";

    // A line that is too long is cut off: broken in two, it would not be found again.
    private static final String CUT_OFF = ESCAPE + "?7l";
    private static final String WRAP = ESCAPE + "?7h";

    private static final String HINT = "(Ctrl-C stops watching, not the rotation)";

    private final PrintWriter out;
    private List<String> frame = List.of();
    private int drawn;

    private InPlace(PrintWriter out) {
      this.out = out;
    }

    @Override
    public void show(RotationReport report) {
      frame = report.frame();
      draw(report.isSteady() ? frame : and(HINT));
    }

    @Override
    public void unknown(String why) {
      draw(and(why));
    }

    private List<String> and(String line) {
      List<String> lines = new ArrayList<>(frame);
      lines.add(line);
      return lines;
    }

    private void draw(List<String> lines) {
      var all = new StringBuilder(drawn == 0 ? "" : ESCAPE + drawn + LINES_UP).append(CUT_OFF);
      lines.forEach(line -> all.append(line).append(END_OF_LINE).append('\n'));
      out.print(all.append(END_OF_SCREEN).append(WRAP));
      out.flush();
      drawn = lines.size();
    }
  }
}
