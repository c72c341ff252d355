#!/bin/sh
# Takes the pictures beside this file apart on a running Diptych, and makes new ones from what it
# learned. Needs a POSIX shell and curl.
set -eu

usage() {
  cat <<'END'
usage: examples/quickstart.sh [options] [URL]

Uploads the example pictures to the Diptych at URL, waits until their content and
style are learned, draws each content in three new settings, each style on three
new subjects and one mix of two pictures, and writes all of it as PNG files with
one contact sheet.

  URL           where the service is (DIPTYCH_URL, else http://localhost:8080)
  --out DIR     where the pictures go (./quickstart-out)
  --force       write there although it is not empty
  --steps N     steps of every decomposition (STEPS, else the service's usual number)
  --seed N      of everything random (1)
  --help        this text

Where the service asks for an API key, put it into DIPTYCH_API_KEY.
END
}

base=${DIPTYCH_URL:-http://localhost:8080}
out=./quickstart-out
force=no
steps=${STEPS:-}
seed=1

wrong() {
  printf '%s\n\n' "$1" >&2
  usage >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --force) force=yes ;;
    --out | --steps | --seed)
      [ $# -ge 2 ] || wrong "$1 needs a value."
      case $1 in
        --out) out=$2 ;;
        --steps) steps=$2 ;;
        --seed) seed=$2 ;;
      esac
      shift
      ;;
    -*) wrong "There is no option $1." ;;
    *) base=$1 ;;
  esac
  shift
done
base=${base%/}
case $steps in *[!0-9]*) wrong "--steps must be a whole number, not $steps." ;; esac
case $seed in '' | *[!0-9]*) wrong "--seed must be a whole number, not $seed." ;; esac

# --- Telling the person ---------------------------------------------------------------------------

jobs='' # addresses of what was submitted and has not ended

go_on() {
  [ -n "$jobs" ] || return 0
  printf '\nThese go on in the service:\n'
  for job in $jobs; do
    printf '  %s%s\n' "$base" "$job"
  done
  printf 'Look at one with curl ADDRESS, stop it with curl -X POST ADDRESS/cancel'
  [ -z "${DIPTYCH_API_KEY:-}" ] || printf ', each with -H "X-API-Key: $DIPTYCH_API_KEY"'
  printf '.\n'
}

bar_open=no # whether the cursor stands behind a bar

fail() {
  [ "$bar_open" = no ] || printf '\n'
  for line; do
    [ -z "$line" ] || printf '%s\n' "$line" >&2
  done
  go_on >&2
  exit 1
}

stopped() {
  trap '' INT TERM HUP
  printf '\nStopped.\n' >&2
  go_on >&2
  exit 130
}

repeat() {
  [ "$1" = 0 ] || printf "%$1s" '' | tr ' ' "$2"
}

# bar NAME DONE TOTAL TEXT: on a terminal one line that moves, else a line for every tenth.
tenth=''
bar() {
  if [ -t 1 ]; then
    full=$(($2 * 20 / $3))
    # Without line wrap: what does not fit a narrow terminal is cut, and the bar stays one line.
    printf '\r\033[?7l%-22s [%s%s] %s/%s %s\033[K\033[?7h' "$1" \
      "$(repeat "$full" '#')" "$(repeat $((20 - full)) '.')" "$2" "$3" "$4"
    bar_open=yes
  elif [ "$1 $(($2 * 10 / $3))" != "$tenth" ]; then
    tenth="$1 $(($2 * 10 / $3))"
    printf '%-22s %s/%s %s\n' "$1" "$2" "$3" "$4"
  fi
}

bar_done() {
  [ "$bar_open" = no ] || printf '\n'
  bar_open=no
}

# --- Talking to the service -----------------------------------------------------------------------

command -v curl >/dev/null || fail 'This needs curl, which is not installed.'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap stopped INT TERM HUP
answer=$work/answer

# In a file, so that the key is not in the list of processes.
{
  printf 'silent\nshow-error\nconnect-timeout = 10\nmax-time = 120\n'
  [ -z "${DIPTYCH_API_KEY:-}" ] || printf 'header = "X-API-Key: %s"\n' "$DIPTYCH_API_KEY"
} >"$work/curl"

# request PATH [CURL OPTION...]: the body goes to $answer, the status code to $status.
request() {
  path=$1
  shift
  status=$(curl --config "$work/curl" --output "$answer" --write-out '%{http_code}' "$@" \
    "$base$path" </dev/null 2>"$work/curl-error") || unreachable
}

unreachable() {
  fail "Nothing answers at $base ($(cat "$work/curl-error"))." \
    'Start the service with ./mvnw spring-boot:run and wait until it says that it has started,' \
    'or give its address: examples/quickstart.sh URL'
}

# Reading survives a restart of the service.
read_again() {
  request "$1" --retry 6 --retry-connrefused --retry-max-time 90
  [ "$status" = 200 ] || refused "The service did not answer $1."
}

# text NAME: the first string of that name in the answer.
text() {
  tr '\n' ' ' <"$answer" | grep -oE "\"$1\" *: *\"([^\"\\\\]|\\\\.)*\"" | head -n 1 |
    sed -e "s/^\"$1\" *: *\"//" -e 's/"$//' -e 's/\\n/ /g' -e 's/\\\(["\\\/]\)/\1/g'
}

# number NAME: the first number of that name in the answer.
number() {
  tr '\n' ' ' <"$answer" | grep -oE "\"$1\" *: *-?[0-9]+" | head -n 1 | sed 's/.*: *//'
}

# decimal NAME: the first such number, with at most three decimals.
decimal() {
  tr '\n' ' ' <"$answer" | grep -oE "\"$1\" *: *-?[0-9.eE-]+" | head -n 1 |
    sed -e 's/.*: *//' -e 's/\(\.[0-9]\{3\}\)[0-9]*/\1/'
}

# refused WHAT: ends with the problem in the answer.
refused() {
  detail=$(text detail)
  fail "$1" "${detail:-$base answered with status $status and no explanation.}" "$(text action)"
}

ended() {
  jobs=$(printf '%s\n' "$jobs" | grep -vxF "$1" || true)
}

# --- What there is to do --------------------------------------------------------------------------

here=$(dirname "$0")
request /models
[ "$status" != 401 ] || refused 'The service asks for an API key: put one into DIPTYCH_API_KEY.'
[ "$status" = 200 ] || refused "$base is not ready for this."
grep -q '"standard"' "$answer" || fail "What answers at $base is not Diptych; give its address."

: >"$work/pictures"
for file in "$here"/*.png; do
  [ -f "$file" ] || fail "There are no pictures in $here."
  name=${file##*/}
  name=${name%.png}
  case $name in
    *[!A-Za-z0-9-]* | -* | *-)
      fail "Name $file after what it shows: CONTENT-STYLE.png, as in fox-watercolor.png, or by one word."
      ;;
    *-*) words="${name%%-*}|$(printf '%s' "${name#*-}" | tr - ' ')" ;;
    *) words='|' ;; # The model finds some.
  esac
  printf '%s|%s\n' "$name" "$words" >>"$work/pictures"
done
count=$(($(wc -l <"$work/pictures")))
[ "$count" -le 11 ] || fail "$here has $count pictures; a contact sheet takes 11."

if [ -d "$out" ] && [ -n "$(ls -A "$out")" ] && [ "$force" = no ]; then
  fail "$out is not empty; name another folder with --out, or overwrite with --force."
fi
mkdir -p "$out" || fail "The folder $out cannot be made."

# --- Learn ----------------------------------------------------------------------------------------

printf 'Uploading to %s\n' "$base"
: >"$work/learned"
while IFS='|' read -r name content style; do
  words=''
  [ -z "$content" ] || words="\"contentWord\":\"$content\",\"styleWord\":\"$style\","
  printf '{%s"seed":%s%s}' "$words" "$seed" "${steps:+,\"steps\":$steps}" >"$work/request"
  request /decompositions --form "image=@\"$here/$name.png\"" \
    --form "request=<$work/request;type=application/json"
  [ "$status" = 202 ] || refused "$name.png was not taken."
  id=$(text id)
  jobs="$jobs
/decompositions/$id"
  printf '%s|%s|%s|%s\n' "$id" "$name" "$content" "$style" >>"$work/learned"
done <"$work/pictures"

# Losses with three decimals: "content 6.512  style 6.021".
losses() {
  tr '\n' ' ' <"$answer" | grep -oE '"losses" *: *\{[^}]*\}' | sed -e 's/.*{//' -e 's/}//' \
    -e 's/"//g' -e 's/ *: */ /g' -e 's/ *, */  /g' -e 's/\(\.[0-9]\{3\}\)[0-9]*/\1/g'
}

printf 'Learning content and style\n'
: >"$work/known"
while IFS='|' read -r id name content style; do
  job=/decompositions/$id
  while :; do
    read_again "$job"
    state=$(text state)
    step=$(number step)
    case $state in
      SUCCEEDED)
        total=$(number steps)
        bar "$name" "$total" "$total" " loss $(decimal firstLoss) at first, $(decimal lastLoss) at last"
        break
        ;;
      FAILED | EXPIRED | CANCELED)
        ended "$job"
        [ "$state" != CANCELED ] || fail "$name: the decomposition was canceled."
        refused "$name: the decomposition $state."
        ;;
    esac
    if [ -n "$step" ]; then
      bar "$name" "$step" "$(number totalSteps)" " $(losses)  $(number remainingSeconds) s left"
    else
      place=$(number position)
      case $state in
        QUEUED) bar "$name" 0 "$(number steps)" " waits${place:+, place $place in the queue}" ;;
        *) bar "$name" 0 "$(number steps)" ' starts' ;;
      esac
    fi
    sleep 1
  done
  bar_done
  ended "$job"
  [ -n "$content" ] || content=$(text contentWord) style=$(text styleWord)
  printf '%s|%s|%s|%s\n' "$id" "$name" "$content" "$style" >>"$work/known"
done <"$work/learned"
mv "$work/known" "$work/learned"

# --- Generate -------------------------------------------------------------------------------------

article() {
  case $1 in [aeiouAEIOU]*) printf an ;; *) printf a ;; esac
}

hyphens() {
  printf '%s' "$1" | tr ' ' -
}

# generate ROW FILE CAPTION PROMPT SLOTS: queues one picture.
generate() {
  printf '{"prompt":"%s","seed":%s,%s}' "$4" "$seed" "$5" >"$work/request"
  request /generate --header 'Content-Type: application/json' --header 'Prefer: respond-async' \
    --data-binary "@$work/request"
  [ "$status" = 202 ] || [ "$status" = 201 ] || refused "$2 was not taken."
  id=$(text id)
  jobs="$jobs
/generations/$id"
  printf '%s|%s|%s|%s\n' "$1" "$id" "$2" "$3" >>"$work/made"
}

printf 'Generating\n'
: >"$work/made"
first=''
second=''
while IFS='|' read -r learned name content style; do
  an=$(article "$content")
  for setting in 'on the beach' 'in the snow' 'in space'; do
    generate "$name" "$name-$(hyphens "$setting").png" "$an $content $setting" \
      "$an {content} $setting" "\"content\":\"$learned\""
  done
  for subject in 'a penguin' 'a car' 'an apple'; do
    generate "$name" "$name-style-${subject#* }.png" "$subject in $style style" \
      "$subject in {style} style" "\"style\":\"$learned\""
  done
  if [ -z "$first" ]; then
    first=$learned
    first_content=$content
  elif [ -z "$second" ]; then
    second=$learned
    second_style=$style
  fi
done <"$work/learned"
if [ -n "$second" ]; then
  an=$(article "$first_content")
  generate mix "mix-$first_content-$(hyphens "$second_style").png" \
    "$an $first_content in $second_style style" "$an {content} in {style} style" \
    "\"content\":\"$first\",\"style\":\"$second\""
fi

# keep FILE: the answer becomes a file of the folder, whole or not at all.
keep() {
  cp "$answer" "$out/.part" && mv -f "$out/.part" "$out/$1" || fail "$out/$1 cannot be written."
}

total=$(($(wc -l <"$work/made")))
done=0
while IFS='|' read -r row id file caption; do
  job=/generations/$id
  while :; do
    bar pictures "$done" "$total" " $caption"
    read_again "$job"
    state=$(text state)
    case $state in
      SUCCEEDED) break ;;
      FAILED | EXPIRED | CANCELED)
        ended "$job"
        [ "$state" != CANCELED ] || fail "$file: the generation was canceled."
        refused "$file: the generation $state."
        ;;
    esac
    sleep 1
  done
  ended "$job"
  read_again "$(text href)"
  keep "$file"
  done=$((done + 1))
done <"$work/made"
bar pictures "$total" "$total" ''
bar_done

# --- The contact sheet ----------------------------------------------------------------------------

# cells ROW: what was generated for a row.
cells() {
  grep "^$1|" "$work/made" | while IFS='|' read -r row id file caption; do
    printf ',{"generation":"%s","caption":"%s"}' "$id" "$caption"
  done
}

upload() {
  printf '{"decomposition":"%s","caption":"uploaded: %s, %s"}' "$1" "$2" "$3"
}

{
  printf '{"cellSide":192,"rows":['
  comma=''
  mix=''
  while IFS='|' read -r learned name content style; do
    printf '%s{"title":"%s, %s: the content in new settings, the style on new subjects","pictures":[' \
      "$comma" "$content" "$style"
    upload "$learned" "$content" "$style"
    cells "$name"
    printf ']}'
    comma=','
    case $learned in "$first" | "$second")
      mix="$mix${mix:+,}$(upload "$learned" "$content" "$style")" ;;
    esac
  done <"$work/learned"
  if [ -n "$second" ]; then
    printf ',{"title":"the content of one in the style of the other","pictures":[%s' "$mix"
    cells mix
    printf ']}'
  fi
  printf ']}'
} >"$work/request"
request /contact-sheets --header 'Content-Type: application/json' --data-binary "@$work/request"
[ "$status" = 200 ] || refused "The pictures are in $out, but there is no contact sheet."
keep contact-sheet.png

printf '%s pictures and contact-sheet.png are in %s\n' "$total" "$out"
printf 'What was learned stays in the service, to be used again:\n'
while IFS='|' read -r learned name content style; do
  printf '  %-24s %s/decompositions/%s\n' "$name" "$base" "$learned"
done <"$work/learned"
