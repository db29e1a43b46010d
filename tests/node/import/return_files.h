// SSDA903 returns to parse: some rows of each file under the usual header row.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/import/ssda903.h"
#include "tests/node/import/movement_file.h"

namespace hedgerow::import {

struct ReturnFiles {
  // Two children, and where they live. OX1 2JD is in Oxford, RG1 2LU in Reading.
  std::string header =
      "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
      "A1,1,09/05/2011,WBRI,,,\n"
      "B2,2,29/02/2012,WBRI,,,\n";
  std::string episodes =
      "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,"
      "URN\n";
  std::string missing = "CHILD,DOB,MISSING,MIS_START,MIS_END\n";
  std::string crosswalk;  // empty: none

  ReturnFiles& episode(std::string_view child, std::string_view decom, std::string_view rne,
                       std::string_view dec, std::string_view home, std::string_view post,
                       std::string_view place = "U4", std::string_view status = "C2") {
    for (const std::string_view cell :
         {child, decom, rne, status, std::string_view("N1"), place, std::string_view("PR1"), dec})
      episodes.append(cell).append(",");
    episodes.append(",,").append(home).append(",").append(post).append(",\n");
    return *this;
  }
  ReturnFiles& absence(std::string_view child, std::string_view kind, std::string_view from,
                       std::string_view to = "", std::string_view born = "") {
    for (const std::string_view cell : {child, born, kind, from}) missing.append(cell).append(",");
    missing.append(to).append("\n");
    return *this;
  }

  std::vector<std::pair<ReturnFile, std::string_view>> files() const {
    std::vector<std::pair<ReturnFile, std::string_view>> out;
    if (!crosswalk.empty()) out.push_back({{ReturnPart::crosswalk, "crosswalk.csv"}, crosswalk});
    out.push_back({{ReturnPart::header, "header.csv"}, header});
    out.push_back({{ReturnPart::episodes, "episodes.csv"}, episodes});
    out.push_back({{ReturnPart::missing, "missing.csv"}, missing});
    return out;
  }

  Result<ParsedFile> parse(const World& world = World(), std::size_t chunk = 1 << 20) const {
    std::vector<ReturnFile> names;
    for (const auto& [file, text] : files()) names.push_back(file);
    HR_ASSIGN(auto parser,
              ReturnParser::create(
                  ParseContext{*world.codes, "the return", world.reference_key, world.case_refs,
                               world.retention_cutoff, world.today, &World::postcodes()},
                  names));
    for (const auto& [file, text] : files()) {
      const ByteView bytes = as_bytes(text);
      for (std::size_t at = 0; at < bytes.size(); at += chunk)
        HR_TRY(parser.feed(bytes.subspan(at, std::min(chunk, bytes.size() - at))));
      HR_TRY(parser.end_of_file());
    }
    HR_CHECK(parser.complete());
    return std::move(parser).finish();
  }
};

}  // namespace hedgerow::import
