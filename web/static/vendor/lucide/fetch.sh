#!/bin/sh
# Downloads Lucide from the npm registry and writes ../../img/icons.svg, with a <symbol> for each icon that icons.txt names. Run it in this
# folder after you change icons.txt or VERSION.
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
