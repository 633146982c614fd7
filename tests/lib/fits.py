#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fits.py SCHEMA FILE...: whether each JSON document of the files (they may stand behind each other) is as the schema says. Prints what is
not, and how many there were; 77 where python3-jsonschema is missing."""
import json
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    sys.exit(77)


def documents(text):
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        value, at = decoder.raw_decode(text, at)
        yield value


with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
count = wrong = 0
for name in sys.argv[2:]:
    with open(name, encoding="utf-8") as f:
        for document in documents(f.read()):
            count += 1
            for error in validator.iter_errors(document):
                wrong += 1
                if wrong > 10:
                    continue
                where = "/".join(str(p) for p in error.absolute_path)
                print(f"{name}: {where}: {error.message[:300]}: {json.dumps(document)[:600]}")
print(f"{count} documents, {wrong} errors")
sys.exit(wrong > 0 or count == 0)
