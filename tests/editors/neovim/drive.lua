-- A session in Neovim, as a user has it: what was seen goes to $SEEN as JSON, step by step.
local seen = {}

local function keep()
  local file = assert(io.open(vim.env.SEEN, "w"))
  file:write(vim.json.encode(seen))
  file:close()
end

local function quit(code)
  keep()
  vim.cmd(code == 0 and "qa!" or "cquit!")
end

local function until_true(what, condition)
  if not vim.wait(60000, condition, 20) then
    error("never came true: " .. what .. "\n" .. vim.inspect(seen))
  end
end

local function diagnostics()
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    table.insert(found, { line = one.lnum, source = one.source, severity = one.severity, message = one.message })
  end
  return found
end

local function statusline()
  return vim.api.nvim_eval_statusline("%{v:lua.rebuttal_status()}", {}).str
end

local function shown(name)
  until_true(name, function()
    return vim.api.nvim_buf_get_name(0):find(name, 1, true) and #vim.api.nvim_buf_get_lines(0, 0, -1, false) > 1
  end)
  local document = {
    name = vim.api.nvim_buf_get_name(0),
    text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n"),
    writable = vim.bo.modifiable and not vim.bo.readonly,
  }
  vim.cmd("close")
  return document
end

-- The question is put by Neovim's own handler: a list that reads the answer from the keyboard, or a menu since 0.11.
local ask = vim.lsp.handlers["window/showMessageRequest"]
local wanted
vim.lsp.handlers["window/showMessageRequest"] = function(err, params, ...)
  seen.question, wanted = params.message, "Review and send"
  keep()
  return ask(err, params, ...)
end

local list = vim.fn.inputlist
vim.fn.inputlist = function(lines)
  vim.api.nvim_input("1<cr>")
  return list(lines)
end

-- Menus are chosen from by what the entry begins with.
vim.ui.select = function(items, options, choose)
  local labels = vim.tbl_map(options.format_item or tostring, items)
  for index, label in ipairs(labels) do
    if label:find(wanted, 1, true) == 1 then
      return choose(items[index], index)
    end
  end
  error("no entry begins with " .. wanted .. ": " .. vim.inspect(labels))
end

local function act(entry)
  wanted = entry
  vim.lsp.buf.code_action()
end

local steps = {}

function steps.save_shows_the_free_findings()
  vim.cmd("edit parcels/labels.py")
  until_true("the server answers", function()
    return statusline() ~= ""
  end)
  vim.cmd("write")
  until_true("free findings", function()
    return #diagnostics() > 0
  end)
  seen.static = diagnostics()
end

function steps.review()
  vim.cmd("edit parcels/rates.py")
  vim.cmd("RebuttalReview")
  until_true("a debate", function()
    return statusline():find("finding", 1, true) and not statusline():find("· $0.00 · today", 1, true)
  end)
  until_true("its findings", function()
    return #diagnostics() > 0
  end)
  seen.debate, seen.statusline = diagnostics(), statusline()
end

function steps.argument()
  local place = vim.fn.search("weight > HEAVY")
  assert(place > 0, "the example has changed")
  act("Show the argument")
  seen.trace = shown("rebuttal://trace/")
end

function steps.fix()
  act("Apply fix")
  until_true("the fix", function()
    return vim.fn.search("weight >= HEAVY", "nw") > 0
  end)
  seen.fixed = vim.fn.getline(vim.fn.search("weight >= HEAVY", "nw"))
end

function steps.documents()
  vim.cmd("RebuttalTranscript")
  seen.transcript = shown("rebuttal://transcript/")
  vim.cmd("RebuttalPayload")
  seen.payload = shown("rebuttal://payload.md")
  vim.cmd("RebuttalDoctor")
  seen.doctor = shown("rebuttal://doctor.md")
end

vim.schedule(function()
  for _, name in ipairs({ "save_shows_the_free_findings", "review", "argument", "fix", "documents" }) do
    local ok, problem = xpcall(steps[name], debug.traceback)
    if not ok then
      seen.failure = name .. ": " .. tostring(problem) .. "\n" .. vim.api.nvim_exec("messages", true)
      return quit(1)
    end
    keep()
  end
  quit(0)
end)
