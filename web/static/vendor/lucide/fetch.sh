#!/bin/sh
# Fetches Lucide again from the npm registry and builds ../../img/icons.svg out of the icons named
# in icons.txt, one <symbol> each. Run it in this folder after adding a name or raising VERSION.
set -eu

version=$(cat VERSION)
target=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$work" && npm pack --silent "lucide-static@$version" >/dev/null && tar xzf "lucide-static-$version.tgz")
cp "$work/package/LICENSE" LICENSE

{
  printf '<!-- Lucide %s, ISC licence: see vendor/lucide/LICENSE. Built by vendor/lucide/fetch.sh. -->\n' "$version"
  printf '<svg xmlns="http://www.w3.org/2000/svg">\n'
  while read -r name; do
    printf '<symbol id="%s" viewBox="0 0 24 24">' "$name"
    # Everything between the opening <svg …> and </svg>, on one line.
    tr '\n' ' ' <"$work/package/icons/$name.svg" | sed -e 's/.*<svg[^>]*>//' -e 's/<\/svg>.*//' -e 's/> *</></g' -e 's/  */ /g' -e 's/^ //' -e 's/ $//'
    printf '</symbol>\n'
  done <"$target/icons.txt"
  printf '</svg>\n'
} >../../img/icons.svg
