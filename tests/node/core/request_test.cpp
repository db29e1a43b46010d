#include <nlohmann/json.hpp>

#include "core_fixture.h"
#include "node/core/control_request.h"
#include "node/core/receipt_rows.h"

namespace hedgerow::core {
namespace {

using nlohmann::json;

Error refused(const json& request) {
  const auto command = parse_command(request.dump());
  EXPECT_FALSE(command.ok()) << request.dump();
  return command.ok() ? Error{} : command.error();
}

TEST(ControlRequest, IsAnObjectThatNamesACommand) {
  EXPECT_EQ(parse_command("{\"command\": \"status\"").error().code, Code::bad_input);
  EXPECT_EQ(refused(json::array()).text, "not a request");
  EXPECT_EQ(refused(json::object()).text, "the request lacks command");
  EXPECT_EQ(refused({{"command", 3}}).text, "the request lacks command");
  EXPECT_EQ(refused({{"command", "format-disk"}}).text, "the daemon knows no command format-disk");
  EXPECT_EQ(refused({{"command", "format-disk"}}).code, Code::usage);
}

TEST(ControlRequest, NamesTheFieldThatIsMissingOrOfAnotherType) {
  EXPECT_EQ(refused({{"command", "import-movements"}}).text, "the request lacks source");
  EXPECT_EQ(refused({{"command", "import-movements"}, {"agreement", 1}}).text,
            "the request lacks agreement");
  EXPECT_EQ(refused({{"command", "import-ssda903"}, {"source", "r"}}).text,
            "the request lacks the parts of a return");
  EXPECT_EQ(refused({{"command", "ask-result"}, {"id", "00"}}).text, "not a question's id");
  EXPECT_EQ(refused({{"command", "keys-renew"}, {"certificate", "?"}}).text,
            "certificate is not base64, or too large");
}

TEST(ControlRequest, TellsAnEntryToShowFromNone) {
  const auto from = [](const json& request) {
    return std::get<ShowCommand>(parse_command(request.dump()).value()).from;
  };
  EXPECT_EQ(from({{"command", "audit-show"}}), std::nullopt);
  EXPECT_EQ(from({{"command", "audit-show"}, {"from", 0}}), 0U);
}

TEST(ControlRequest, TellsTheKindsOfImportApart) {
  const auto wanted = [](const json& request) {
    return std::get<ImportCommand>(parse_command(request.dump()).value()).wanted;
  };
  const auto crosswalk = wanted(
      {{"command", "import-crosswalk"}, {"source", "c"}, {"replace", true}, {"dry_run", true}});
  EXPECT_TRUE(crosswalk.crosswalk && crosswalk.replace && crosswalk.dry_run && !crosswalk.skip_bad);
  const auto movements =
      wanted({{"command", "import-movements"}, {"source", "m"}, {"replace", true}});
  EXPECT_FALSE(movements.crosswalk || movements.replace);
  EXPECT_EQ(refused({{"command", "import-crosswalk"}}).text, "the request lacks source");
}

TEST(ControlRequest, HoldsTheDatesOfADecisionToWithhold) {
  const json good = {
      {"command", "withhold-add"}, {"reason", "r"}, {"decider", "d"}, {"review", "2026-12-24"}};
  const auto parsed = std::get<WithholdAdd>(parse_command(good.dump()).value());
  EXPECT_EQ(policies::to_text(parsed.review), "2026-12-24");
  EXPECT_FALSE(parsed.date);
  for (const char* key : {"reason", "decider", "review"}) {
    json lacking = good;
    lacking.erase(key);
    EXPECT_EQ(refused(lacking).text, std::string("the request lacks ") + key);
  }
  for (const char* key : {"date", "review"}) {
    json bad = good;
    bad[key] = "24/12/2026";
    EXPECT_EQ(refused(bad).code, Code::bad_input);
  }
  const json ended = {{"command", "withhold-end"}, {"number", 3}, {"reason", "r"}};
  EXPECT_EQ(refused(ended).text, "the request lacks decider");
  EXPECT_EQ(refused({{"command", "duty-set"}, {"contact", "c"}}).text, "the request lacks hours");
}

TEST(ReceiptRows, ReadBackWhatWasKept) {
  const std::map<PartyId, Bytes> kept = {{party("vale-council"), {1, 2}},
                                         {party("vale-police"), {3}}};
  EXPECT_EQ(decode_receipts(encode_receipts(kept)).value(), kept);
  EXPECT_TRUE(decode_receipts({}).value().empty());
}

TEST(ReceiptRows, RefusePartiesOutOfOrderOrTwice) {
  for (const char* second : {"vale-council", "vale-academy"}) {
    Writer w;
    w.u32(2).text("vale-council").bytes(Bytes{1}).text(second).bytes(Bytes{2});
    EXPECT_FALSE(decode_receipts(w.data()).ok()) << second;
  }
}

}  // namespace
}  // namespace hedgerow::core
