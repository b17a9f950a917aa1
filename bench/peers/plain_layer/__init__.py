"""After "Building Lambda layers in AWS SAM" (AWS SAM Developer Guide): our function on a layer of a requirements.txt.

`Metadata: BuildMethod: python3.13` installs the wheels into `python/` and neither strips nor byte-compiles. The code is
`function/`; there is none here.
"""
