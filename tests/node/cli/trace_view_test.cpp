#include "node/cli/trace_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace hedgerow::cli {
namespace {

using nlohmann::json;

std::string printed(void (*print)(std::ostream&, const json&), const json& what) {
  std::ostringstream out;
  print(out, what);
  return out.str();
}

TEST(TraceView, GivesEachPartyALine) {
  const json result = {
      {"schema", "hedgerow/trace-result/1"},
      {"complete", false},
      {"parties",
       {{{"party", "vale-police"},
         {"name", "Vale Police"},
         {"status", "contact"},
         {"contact", "Duty desk 01632 960001"},
         {"why", ""}},
        {{"party", "vale-health"}, {"name", ""}, {"status", "nothing-to-share"}},
        {{"party", "vale-voice"}, {"status", "refused"}, {"why", "no trace is left today"}},
        {{"party", "vale-a"}, {"status", "not-reached"}},
        {{"party", "vale-b"}, {"status", "bad-answer"}, {"why", "its proof does not hold"}}}}};
  EXPECT_EQ(printed(print_trace_result, result),
            "vale-police  Duty desk 01632 960001  (Vale Police)\n"
            "vale-health  nothing to share\n"
            "vale-voice   refused: no trace is left today\n"
            "vale-a       not reached\n"
            "vale-b       a bad answer, not used: its proof does not hold\n");
}

TEST(TraceView, DoesNotLetAContactCommandTheTerminal) {
  const json result = {{"parties",
                        {{{"party", "vale-police"},
                          {"status", "contact"},
                          {"contact", "\x1b[2Jring\n\xe2\x80\xaeme"}}}}};
  EXPECT_EQ(printed(print_trace_result, result), "vale-police  ?[2Jring????me\n");
}

TEST(TraceView, ShowsATraceWithItsPeople) {
  const json trace = {{"id", "3f"},
                      {"state", "waiting"},
                      {"practitioner", "urn:hedgerow:vale-council:practitioner:dana"},
                      {"approver", ""},
                      {"purpose", "safeguard-a-child"},
                      {"legal_basis", "ca-2004:11"},
                      {"reason", "Missing since Friday"},
                      {"not_after", 1'790'985'599'000},
                      {"responders", {{{"party", "vale-police"}, {"day", 20'727}, {"state", ""}}}}};
  const std::string expected =
      "trace 3f: waits for approval\n"
      "  practitioner  urn:hedgerow:vale-council:practitioner:dana\n"
      "  approver      nobody yet\n"
      "  purpose       safeguard-a-child\n"
      "  legal basis   ca-2004:11\n"
      "  reason        Missing since Friday\n"
      "  until         2026-10-02T23:59:59Z\n"
      "  asks          vale-police, directory of 2026-10-01\n";
  EXPECT_EQ(printed(print_trace, trace), expected);
  EXPECT_EQ(printed(print_traces, {{"traces", {trace, trace}}}), expected + expected);
  EXPECT_EQ(printed(print_traces, {{"traces", json::array()}}), "no traces\n");
}

TEST(TraceView, SaysWhichDirectoriesAreAtHand) {
  const json fetch = {
      {"parties",
       {{{"party", "vale-police"}, {"day", 20'727}, {"records", 1024U}, {"fetched", true}},
        {{"party", "vale-health"}, {"day", 20'727}, {"records", 4096U}, {"fetched", false}},
        {{"party", "vale-a"}, {"day", 0}, {"records", 0U}, {"why", "not connected"}}}}};
  EXPECT_EQ(printed(print_trace_fetch, fetch),
            "vale-police  2026-10-01, 1024 records, fetched\n"
            "vale-health  2026-10-01, 4096 records, at hand\n"
            "vale-a       not reached: not connected\n");
}

}  // namespace
}  // namespace hedgerow::cli
