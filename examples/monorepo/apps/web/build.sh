#!/bin/sh
# Stands for a bundler: the app, with what it takes from the repository's packages.
set -e
rm -rf dist
mkdir dist
cp server.js package.json ../../packages/greeting/greeting.js dist/
