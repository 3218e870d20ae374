#!/usr/bin/env Rscript
# Writes the reference values of factors' effects in blocks: lm for the fit, multcomp for intervals that hold at once, emmeans
# for marginal means.
#
# Usage: Rscript make_factors.R   (writes factors.json beside itself; needs multcomp and emmeans)

suppressMessages({ library(multcomp); library(emmeans) })
options(contrasts = c("contr.treatment", "contr.poly"))
set.seed(1)
file <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
folder <- if (length(file)) dirname(file) else "."

json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    if (is.null(names(x))) return(paste0("[", paste(sapply(x, json), collapse = ", "), "]"))
    return(paste0("{", paste0("\"", names(x), "\": ", sapply(x, json), collapse = ",\n"), "}"))
  }
  text <- if (is.character(x)) paste0("\"", x, "\"") else ifelse(is.na(x), "null", sprintf("%.17g", x))
  text[is.na(x)] <- "null"
  if (length(x) == 1 && !inherits(x, "AsIs")) text else paste0("[", paste(text, collapse = ", "), "]")
}

# The test accuracies of ablation.json with vectors of AVX-512 in points, the seeds in columns.
reference <- matrix(c(
  82.70, 83.65, 83.75,  78.45, 77.40, 79.15,  82.95, 82.80, 83.60,  76.75, 77.70, 79.50,
  82.85, 83.15, 84.20,  78.75, 77.75, 79.45,  82.75, 82.50, 83.80,  77.55, 77.45, 79.15,
  84.15, 84.00, 83.75,  78.30, 77.80, 79.75,  84.35, 83.35, 84.05,  78.15, 78.45, 78.30), ncol = 3, byrow = TRUE)
levels <- as.matrix(expand.grid(loss = 0:1, downsample = 0:1, conv = 0:2)[, c("conv", "downsample", "loss")])
gaps <- reference
gaps[4, 2] <- NA
gaps[9, 1] <- NA
# A combination that was never measured.
gaps[11, ] <- NA
designs <- list(complete = reference, gaps = gaps)

# The mean over all combinations of the other factors in which every corner was measured.
weights <- function(measured, changes, joint) {
  key <- function(l) paste(l, collapse = " ")
  places <- setNames(which(measured), apply(levels[measured, , drop = FALSE], 1, key))
  total <- rep(0, nrow(levels)); count <- 0
  for (t in which(measured)) {
    at <- levels[t, ]
    if (!all(sapply(changes, function(c) at[c$factor] == c$level))) next
    own <- rep(0, nrow(levels)); complete <- TRUE
    choices <- if (joint) list(rep(FALSE, length(changes)), rep(TRUE, length(changes)))
      else asplit(as.matrix(expand.grid(rep(list(c(FALSE, TRUE)), length(changes)))), 1)
    for (choice in choices) {
      corner <- at
      for (i in seq_along(changes)) if (choice[i]) corner[changes[[i]]$factor] <- changes[[i]]$baseline
      place <- places[key(corner)]
      if (is.na(place)) { complete <- FALSE; break }
      sign <- if (joint) { if (any(choice)) -1 else 1 } else (-1)^sum(choice)
      own[place] <- own[place] + sign
    }
    if (complete) { total <- total + own; count <- count + 1 }
  }
  list(weights = if (count) total / count else NULL, count = count)
}

change <- function(factor, level) list(factor = factor, level = level, baseline = 0)
families <- list(
  conv = list(joint = FALSE, changes = list(list(change(1, 1)), list(change(1, 2)))),
  loss = list(joint = FALSE, changes = list(list(change(3, 1)))),
  conv_downsample = list(joint = FALSE, changes = lapply(1:2, function(c) list(change(1, c), change(2, 1)))),
  conv_loss = list(joint = FALSE, changes = lapply(1:2, function(c) list(change(1, c), change(3, 1)))),
  cells = list(joint = TRUE, changes = lapply(2:6, function(i) {
    cell <- expand.grid(loss = 0:1, conv = 0:2)[i, ]
    list(change(1, cell$conv), change(3, cell$loss))
  })),
  three = list(joint = FALSE, changes = lapply(1:2, function(c) list(change(1, c), change(2, 1), change(3, 1)))))

fits <- lapply(designs, function(values) {
  data <- data.frame(treatment = factor(rep(seq_len(nrow(values)) - 1, ncol(values))),
                     block = factor(rep(seq_len(ncol(values)) - 1, each = nrow(values))), value = as.vector(values))
  data <- data[!is.na(data$value), ]
  data$treatment <- droplevels(data$treatment)
  model <- lm(value ~ treatment + block, data)
  measured <- rowSums(!is.na(values)) > 0
  present <- as.integer(levels(data$treatment)) + 1
  full <- data
  for (name in colnames(levels)) full[[name]] <- factor(levels[as.integer(as.character(data$treatment)) + 1, name])
  saturated <- lm(value ~ conv * downsample * loss + block, full)
  means <- function(by) if (all(measured)) I(summary(emmeans(saturated, by))$emmean) else NULL
  # emmeans of treatments, over blocks of equal weight.
  adjusted <- rep(NA, nrow(values))
  adjusted[present] <- summary(emmeans(model, "treatment"))$emmean
  list(
    values = lapply(asplit(values, 1), function(r) I(as.vector(r))), df = model$df.residual,
    means = list(
      conv = I(sapply(0:2, function(c) mean(adjusted[measured & levels[, "conv"] == c]))),
      loss = I(sapply(0:1, function(l) mean(adjusted[measured & levels[, "loss"] == l])))),
    emmeans = list(conv = means("conv"), loss = means("loss")),
    families = lapply(families, function(family) {
      all <- lapply(family$changes, function(c) weights(measured, c, family$joint))
      # What cannot be estimated counts no combination, and is left out of the numbers.
      K <- do.call(rbind, lapply(all[sapply(all, function(w) w$count > 0)], function(w) {
        row <- setNames(rep(0, length(coef(model))), names(coef(model)))
        own <- w$weights[present]
        row[paste0("treatment", levels(data$treatment)[-1])] <- own[-1]
        row
      }))
      test <- glht(model, linfct = K)
      precise <- GenzBretz(maxpts = 2e5, abseps = 2e-6, releps = 0)
      joint <- summary(test, test = multcomp::adjusted("single-step", maxpts = 2e5, abseps = 1e-5, releps = 0))$test
      single <- summary(test, test = multcomp::adjusted("none"))$test
      critical <- attr(confint(test, level = 0.95, calpha = qmvt(
        0.95, tail = "both.tails", df = model$df.residual, corr = cov2cor(vcov(test)), algorithm = precise)$quantile)$confint,
        "calpha")
      list(
        joint = if (family$joint) 1 else 0, counts = I(sapply(all, function(w) w$count)),
        changes = lapply(family$changes, function(cs) lapply(cs, function(c) I(c(c$factor - 1, c$level, c$baseline)))),
        estimate = I(as.vector(single$coefficients)), se = I(as.vector(single$sigma)), p = I(as.vector(single$pvalues)),
        p_adjusted = I(as.vector(joint$pvalues)), critical = critical)
    }))
})
for (name in c("conv", "loss")) stopifnot(
  max(abs(fits$complete$means[[name]] - fits$complete$emmeans[[name]])) < 1e-9)
for (design in names(fits)) fits[[design]]$emmeans <- NULL
writeLines(json(list(levels = lapply(asplit(levels, 1), function(r) I(as.vector(r))), designs = fits)),
           file.path(folder, "factors.json"))
