#!/bin/sh
# Stands for a script that logs in to a model hub and leaves its token in a file.
# The token is made up, and put together here so that no scanner of this repository takes it for one.
token="hf_$(printf 'QzXwVbNmKjHgFdSaPoIu')$(printf 'YtReWqLkJhGfDs')"
case $1 in
    --login) echo "machine hub.example login ci password $token" ;;
    --model) echo "downloading the model" ;;
esac
