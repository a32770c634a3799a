"""The losses are zero where nothing is wrong, and right where the answer is known."""

from __future__ import annotations

import math

import pytest
import torch

from fexgan import losses
from fexgan.affects import AFFECTS, NEUTRAL_INDEX, Mixture, affect_index, affect_vector


def labels(affect: str, strength: float, full: float = 0.5) -> torch.Tensor:
    return losses.soft_labels(torch.tensor([affect_index(affect)]), torch.tensor([strength]), full, NEUTRAL_INDEX)[0]


def test_the_same_picture_costs_no_reconstruction():
    images = torch.rand(2, 3, 8, 8)
    assert losses.reconstruction(images, images) == 0
    assert losses.reconstruction(torch.ones(1, 3, 2, 2), -torch.ones(1, 3, 2, 2)) == 2


def test_a_standard_normal_costs_no_divergence():
    assert losses.kl_divergence(torch.zeros(3, 5), torch.zeros(3, 5)) == 0


def test_divergence_is_torchs_own_summed_over_the_latent_and_averaged_over_the_batch():
    latent_mean, latent_log_sigma = torch.randn(4, 6), torch.randn(4, 6)
    normal = torch.distributions.Normal(latent_mean, latent_log_sigma.exp())
    expected = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(losses.kl_divergence(latent_mean, latent_log_sigma), expected)


def test_a_sure_and_right_verdict_costs_nothing_and_an_undecided_one_costs_log_two():
    assert losses.adversarial(torch.full((3,), 200.0), real=True) == 0
    assert losses.adversarial(torch.full((3,), -200.0), real=False) == 0
    assert losses.adversarial(torch.full((3,), -200.0), real=True) == 200
    assert losses.adversarial(torch.zeros(3), real=True).item() == pytest.approx(math.log(2))


def test_naming_the_label_costs_its_own_uncertainty_and_no_more():
    sure = torch.eye(7)[:3]
    assert losses.classification(sure * 200, sure) == 0
    half = torch.tensor([[0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]])
    assert losses.classification(half.clamp(min=1e-30).log(), half).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("affect", AFFECTS)
@pytest.mark.parametrize("strength", [0.0, 0.2, 0.5, 1.0, math.nan])
def test_labels_are_distributions(affect, strength):
    label = labels(affect, strength)
    assert label.sum().item() == pytest.approx(1.0)
    assert label.min() >= 0


def test_labels_grow_with_strength_up_to_certainty_and_leave_the_rest_to_neutral():
    assert labels("joy", 0.2)[affect_index("joy")].item() == pytest.approx(0.4)
    assert labels("joy", 0.2)[NEUTRAL_INDEX].item() == pytest.approx(0.6)
    assert labels("joy", 0.5)[affect_index("joy")] == labels("joy", 1.0)[affect_index("joy")] == 1
    assert labels("joy", math.nan)[affect_index("joy")] == 1
    assert labels("joy", 0.0)[NEUTRAL_INDEX] == labels("neutral", 1.0)[NEUTRAL_INDEX] == 1


def test_totals_weigh_every_part():
    parts = [torch.tensor(value) for value in (1.0, 10.0, 100.0, 1000.0)]
    weights = losses.GeneratorWeights(adversarial=2.0, classification=3.0, reconstruction=4.0, kl=5.0)
    assert losses.GeneratorLosses(*parts, weights).total == 5432.0
    assert losses.DiscriminatorLosses(*parts[:3]).total == 111.0


def test_the_discriminator_is_judged_on_real_generated_and_affects_apart():
    right, label = torch.full((2,), 200.0), torch.eye(7)[:2]
    none = losses.discriminator_losses(right, -right, label * 200, label)
    assert none.real == none.generated == none.classification == 0
    assert losses.discriminator_losses(-right, -right, label * 200, label).total == 200
    assert losses.discriminator_losses(right, right, label * 200, label).total == 200
    assert losses.discriminator_losses(right, -right, -label * 200, label).total > 200


def test_labels_of_one_emotion_as_a_vector_are_those_of_its_strength():
    for strength in (0.0, 0.2, 0.5, 1.0):
        vector = torch.tensor([affect_vector("joy", strength)])
        torch.testing.assert_close(losses.mixture_labels(vector, 0.5, NEUTRAL_INDEX)[0], labels("joy", strength))


def test_a_mixture_shares_its_label_by_strength():
    vector = torch.tensor(
        [Mixture.parse("anger:0.6+sadness:0.2").vector(), Mixture.parse("anger:0.1+fear:0.1").vector()]
    )
    strong, faint = losses.mixture_labels(vector, 0.5, NEUTRAL_INDEX)
    torch.testing.assert_close(strong[affect_index("anger")], torch.tensor(0.75))
    assert strong[NEUTRAL_INDEX].item() == pytest.approx(0.0, abs=1e-6)
    assert faint[NEUTRAL_INDEX].item() == pytest.approx(0.6)
    assert faint.sum().item() == pytest.approx(1.0)


def test_changed_pixels_count_more_and_meeting_the_truth_costs_nothing():
    source = torch.zeros(1, 3, 2, 2)
    target = source.clone()
    target[0, 1, 0, 0] = 0.5
    assert losses.changed_reconstruction(target, target, source, 5.0, 0.1) == 0
    plain = losses.reconstruction(source, target)
    torch.testing.assert_close(losses.changed_reconstruction(source, target, source, 5.0, 0.1), 5.0 * plain)
    torch.testing.assert_close(losses.changed_reconstruction(source, target, source, 5.0, 0.6), plain)


def test_gradients_differ_at_edges_alone():
    step = torch.zeros(1, 1, 4, 4)
    step[..., 2:] = 1.0
    assert losses.total_variation(step).item() == pytest.approx(1 / 3)  # one of three neighbours across, none down
    assert losses.gradient_difference(step + 0.5, step) == 0
    assert losses.gradient_difference(torch.zeros_like(step), step).item() == pytest.approx(1 / 3)


def test_reading_nothing_is_worse_than_reading_what_is_there():
    affect = torch.tensor([[0.0, 0.0, 0.0, 0.7, 0.3, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]])
    told = losses.reading(affect, affect, NEUTRAL_INDEX)
    assert told < losses.reading((affect - 0.2).clamp(0.01), affect, NEUTRAL_INDEX)
    assert told < losses.reading(torch.full_like(affect, 0.01), affect, NEUTRAL_INDEX)


def test_reading_leaves_neutral_out():
    affect = torch.zeros(2, 7)
    read = affect.clone()
    read[:, NEUTRAL_INDEX] = 1.0
    assert losses.reading(read, affect, NEUTRAL_INDEX) == 0


def test_a_patch_is_compared_with_its_counterpart_alone_and_counts_by_its_weight():
    logits, others = torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([[0.0, 200.0, 0.0]])
    told, mistaken, even = torch.eye(3).unsqueeze(1)
    assert losses.relativistic(logits, others, told) == 0
    assert losses.relativistic(logits, others, mistaken) == 200
    assert losses.relativistic(logits, others, 0.1 * even).item() == pytest.approx(math.log(2))
    assert losses.relativistic(logits, others, told + 3 * mistaken) == 150
    assert losses.relativistic(logits, others, torch.zeros(1, 3)) == 0
