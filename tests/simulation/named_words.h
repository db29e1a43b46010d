// The words of a program that are all of the form --name value.
#pragma once

#include <initializer_list>
#include <iostream>
#include <map>
#include <optional>
#include <string>

namespace hedgerow::simulation {

// By name; nothing, and a line that says what, where one of `needed` is missing or a name has no
// value.
inline std::optional<std::map<std::string, std::string>> named_words(
    int argc, char** argv, std::initializer_list<const char*> needed) {
  std::map<std::string, std::string> words;
  for (int i = 1; i + 1 < argc; i += 2) words[argv[i]] = argv[i + 1];
  if (argc % 2 == 0) {
    std::cerr << argv[0] << ": " << argv[argc - 1] << " has no value\n";
    return std::nullopt;
  }
  for (const char* name : needed)
    if (!words.contains(name)) {
      std::cerr << argv[0] << ": " << name << " is missing\n";
      return std::nullopt;
    }
  return words;
}

}  // namespace hedgerow::simulation
