# When the version of a key may be raised.

variables {
  name          = "example/hmac/ine"
  rekeyed       = null
  rekeying      = false
  raised_freely = false
}

run "never_renewed" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version = 1
  }
}

# Whatever was derived would be found no more.
run "raised_alone" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version = 2
  }

  expect_failures = [output.allowed]
}

run "raised_while_it_is_re_keyed" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version = 2
    rekeying    = true
  }
}

run "re_keyed" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version = 2
    rekeyed     = "2"
  }
}

# What is still under the second would be under neither of the two that are read.
run "raised_again_before_the_end" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version = 3
    rekeying    = true
  }

  expect_failures = [output.allowed]
}

run "given_back" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version = 1
    rekeyed     = "2"
    rekeying    = true
  }

  expect_failures = [output.allowed]
}

run "nothing_was_derived" {
  command = plan

  module {
    source = "./modules/hmac-secret/version"
  }

  variables {
    key_version   = 5
    raised_freely = true
  }
}
